"""Every number of RevMan's own files is reproduced, and one that was changed is found."""

import io
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from bayesmeta.parity import Parity, inferred_settings, outcomes_to_text, parity_to_text, verify
from bayesmeta.studies import Review, read_review

ROOT = Path(__file__).parents[2]
REVMAN = ROOT.parent / "shared" / "revman"
COCHRANE = ROOT.parent / "shared" / "cochrane" / "data_rows.csv.gz"
TOY = Path(__file__).parent / "toy.rm5"

FILES = {
    "Fleiss1993.rm5": (2, 12, 0),
    "antibiotics-for-sore-throat_v2.rm5": (21, 217, 22),
    "CD004976StatsDataOnly.rm5": (19, 56, 0),
    "CD007868StatsDataOnly.rm5": (41, 197, 2),
    "CD008625StatsDataOnly.rm5": (74, 689, 112),
    "Fleiss1993.zip": (2, 12, 0),
    "Fleiss1993_CR.csv": (2, 12, 0),
}
"""Outcomes, study rows and subgroups, as counted in the files."""

EVERY = 40
"""One in so many analyses of the collection is looked at in every run."""

ROWS, LEFT_OUT = 68_344, 10
"""Rows of the collection, and those that hold no numbers."""


def revman_file(name: str) -> Path:
    path = REVMAN / name
    if not path.exists():
        pytest.skip(f"no {name}")
    return path


@pytest.mark.parametrize(("name", "expected"), FILES.items())
def test_every_number_of_a_file_is_reproduced(name: str, expected: tuple[int, int, int]) -> None:
    review = read_review(revman_file(name))
    outcomes, rows, subgroups = expected
    found = verify(review)
    assert found.complete, found.differences[0]
    assert len(review.outcomes) == outcomes
    levels = ("study", "subgroup", "total")
    assert [found.counts(level) for level in levels] == [
        (rows, rows),
        (subgroups, subgroups),
        (outcomes, outcomes),
    ]
    assert (found.not_checked, found.inferred) == ((), 0)
    assert "Every stored number is reproduced." in rendered(parity_to_text(found))


EDITED = "edited after RevMan computed it, or computed from numbers that are not in the file"

CHANGES: dict[str, tuple[str, str, str, tuple[str, str], str]] = {
    "the effect of a study": ("DICH_DATA", "EFFECT_SIZE", "9th digit", ("study", "effect"), EDITED),
    "its standard error": ("DICH_DATA", "SE", "9th digit", ("study", "std_error"), EDITED),
    "its weight": ("DICH_DATA", "WEIGHT", "9th digit", ("study", "weight"), ""),
    "the end of a pooled interval": (
        "DICH_OUTCOME",
        "CI_END",
        "9th digit",
        ("total", "upper"),
        EDITED,
    ),
    "heterogeneity": ("DICH_OUTCOME", "CHI2", "9th digit", ("total", "chi2"), EDITED),
    "a p-value": ("DICH_OUTCOME", "P_Z", "3rd digit", ("total", "p_effect"), EDITED),
    "a sum": ("DICH_OUTCOME", "EVENTS_1", "3rd digit", ("total", "events_treatment"), EDITED),
}
"""The element and attribute that are changed, how, what is no longer reproduced, and the reason."""

DIGITS = {"9th digit": 1 + 3e-9, "3rd digit": 1 + 3e-3}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_result_is_found(
    tmp_path: Path, change: tuple[str, str, str, tuple[str, str], str]
) -> None:
    tag, attribute, digit, expected, reason = change
    path = changed(tmp_path, tag, attribute, lambda text: repr(float(text) * DIGITS[digit]))
    (found,) = verify(read_review(path)).differences
    assert (found.analysis, found.level, found.quantity) == ("1.1", *expected)
    assert reason in found.reason
    assert found.reason
    assert found.stored == pytest.approx(found.computed, rel=2 * (DIGITS[digit] - 1))


def test_a_study_that_is_called_not_estimable_is_found(tmp_path: Path) -> None:
    found = verify(read_review(changed(tmp_path, "DICH_DATA", "ESTIMABLE", lambda _: "NO")))
    (check,) = found.differences
    assert (check.quantity, check.stored, check.computed) == ("estimable", 0, 1)
    assert check.reason == "RevMan calls the study not estimable, by its numbers it is not so"


def test_a_changed_count_is_found_wherever_it_matters(tmp_path: Path) -> None:
    path = changed(tmp_path, "DICH_DATA", "EVENTS_1", lambda text: str(int(text) - 1))
    found = verify(read_review(path))
    (study, *others) = dict.fromkeys(check.where for check in found.differences)
    assert quantities(found, "study", study) >= {"effect", "lower", "upper", "std_error", "weight"}
    assert all(quantities(found, "study", other) == {"weight"} for other in others if other)
    assert quantities(found, "total", "") >= {"effect", "z", "chi2", "i2", "events_treatment"}
    reasons = {check.reason for check in found.differences if check.level == "total"}
    assert reasons == {"follows from studies that are not reproduced"}
    text = rendered(parity_to_text(found))
    assert "more differences: --all lists them" in text
    assert "more differences" not in rendered(parity_to_text(found, every=True))


def quantities(found: Parity, level: str, where: str) -> set[str]:
    return {
        check.quantity
        for check in found.differences
        if (check.level, check.where) == (level, where)
    }


def test_results_of_other_methods_are_recognised(tmp_path: Path) -> None:
    random = verify(read_review(changed(tmp_path, "DICH_OUTCOME", "RANDOM", lambda _: "YES")))
    reasons = {check.quantity: check.reason for check in random.differences if not check.where}
    assert reasons["effect"] == "as it would be by a fixed effect and Mantel-Haenszel"
    review = read_review(revman_file("Fleiss1993.rm5"))
    first = review.outcomes[0]
    assert first.settings is not None
    by_inverse = replace(first, settings=replace(first.settings, method="IV"))
    found = verify(replace(review, outcomes=(by_inverse,)))
    (reason,) = {check.reason for check in found.differences if check.quantity == "chi2"}
    assert reason == "as it would be by a fixed effect and Mantel-Haenszel"


def changed(folder: Path, tag: str, attribute: str, change: Callable[[str], str]) -> Path:
    """A copy of a file in which an attribute of the first such element is another."""
    text = revman_file("Fleiss1993.rm5").read_text(encoding="latin-1")
    place = re.search(rf'<{tag} (?:[^>]* )?{attribute}="([^"]*)"', text)
    assert place is not None
    path = folder / "changed.rm5"
    start, end = place.span(1)
    path.write_text(text[:start] + change(place[1]) + text[end:], encoding="latin-1")
    return path


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".rm5")])
def test_settings_are_found_from_the_numbers_alone(name: str) -> None:
    """Where they are forgotten, what is found gives the numbers of all studies."""
    review = read_review(revman_file(name))
    forgotten = tuple(replace(outcome, settings=None) for outcome in review.outcomes)
    found = verify(replace(review, outcomes=forgotten))
    assert found.inferred == len(forgotten)
    assert not [check for check in found.differences if check.level == "study"]
    for known, outcome in zip(review.outcomes, forgotten, strict=True):
        settings = inferred_settings(outcome, review.decimals)
        if settings.random:  # else no tau² above 0 tells it from a fixed effect
            assert known.settings is not None
            assert known.settings.random
            assert settings.method == known.settings.method


def test_without_stored_effects_estimability_is_all_that_is_checked() -> None:
    review = read_review(TOY)
    forgotten = tuple(replace(outcome, settings=None) for outcome in review.outcomes)
    found = verify(replace(review, outcomes=forgotten))
    assert {check.quantity for check in found.checks} == {"estimable"}
    assert found.not_checked == review.left_out
    assert "not checked: 3.4 Costs, in words: it is text without numbers" in rendered(
        parity_to_text(found)
    )


def test_the_toy_review_is_analysed_whole() -> None:
    """One outcome of each kind: whether studies are estimable is all that it stores."""
    found = verify(TOY)
    assert found.complete
    assert {check.quantity for check in found.checks} == {"estimable"}
    assert found.counts("study") == (48, 48)


def test_outcomes_are_listed() -> None:
    text = rendered(outcomes_to_text(read_review(TOY)))
    rows = {line.split()[0]: line for line in text.splitlines() if line[:1].isdigit()}
    assert list(rows) == [outcome.analysis for outcome in read_review(TOY).outcomes]
    assert rows["1.2"].split()[-5:] == ["RR", "Mantel-Haenszel", "random", "5", "470"]
    assert "left out: 3.4 Costs, in words: it is text without numbers" in text
    assert "--analysis 1.1" in text
    none = replace(read_review(TOY), outcomes=())
    assert "--analysis" not in rendered(outcomes_to_text(none))


@pytest.fixture(scope="module")
def collection() -> Review:
    if not COCHRANE.exists():
        pytest.skip("no data rows")
    return read_review(COCHRANE)


PARTLY = (
    "some rows of the analysis count in the subgroups or in the total alone; how RevMan weighs "
    "these is not documented"
)
ITERATED = "RevMan stops the iteration of REML before its last digits"

SAME_NAME = "several subgroups have the same name, and the file does not tell them apart"

NOT_COMPUTED = {"CD009730_pub3:3.3"}
"""Numbers of two studies are there, and no effect of either."""


def test_a_sample_of_the_collection_is_reproduced(collection: Review) -> None:
    assert sum(len(outcome.rows) for outcome in collection.outcomes) == ROWS - LEFT_OUT
    sample = replace(collection, outcomes=collection.outcomes[::EVERY], left_out=())
    found = verify(sample)
    assert_effects_and_intervals(found, at_least=len(sample.outcomes))
    assert found.reasons().keys() <= {PARTLY, ITERATED, SAME_NAME}


@pytest.mark.exhaustive
def test_the_whole_collection_is_reproduced(collection: Review) -> None:
    found = verify(collection)
    computed = [check for check in found.checks if check.analysis not in NOT_COMPUTED]
    found = replace(found, checks=tuple(computed))
    assert_effects_and_intervals(found, at_least=64_000)
    assert found.reasons().keys() == {PARTLY, ITERATED, SAME_NAME}
    assert found.counts("study")[0] == ROWS - LEFT_OUT - 2 * len(NOT_COMPUTED)
    assert found.not_checked == collection.left_out
    assert len(collection.left_out) == LEFT_OUT


def assert_effects_and_intervals(found: Parity, *, at_least: int) -> None:
    """All of them, and whether each study is estimable; only weights may differ."""
    counts = Counter(check.quantity for check in found.checks)
    assert counts["effect"] == counts["lower"] == counts["upper"] >= at_least
    assert {check.quantity for check in found.differences} <= {"weight"}


def rendered(text: object) -> str:
    console = Console(width=220, record=True, file=io.StringIO())
    console.print(text)
    return console.export_text()

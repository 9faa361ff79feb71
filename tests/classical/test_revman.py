"""RevMan's rules for awkward studies, and its analyses beside those of R meta."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bayesmeta.classical import RevManAnalysis, revman_analysis
from bayesmeta.studies import Kind, Outcome, Settings, StudyRows, Subgroup, read_review
from bayesmeta.typical_variance import typical_variance

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
TOY = ROOT / "tests" / "parity" / "toy.rm5"

CLOSED_FORM = 1e-12
"""Relative: the same few operations in another order."""

R_META = 1e-12
"""Relative, and absolute for effects near 0: the same closed forms, in doubles on both sides."""

FILES: dict[str, tuple[int, set[str]]] = {
    "Fleiss1993": (2, set()),
    "antibiotics-for-sore-throat_v2": (20, set()),
    "CD004976StatsDataOnly": (19, set()),
    "CD007868StatsDataOnly": (41, set()),
    "CD008625StatsDataOnly": (74, {"1.3", "8.3", "12.3", "14.3"}),
}
"""Outcomes that have a result, and those where R meta does not have RevMan's: risk differences by
Mantel-Haenszel with studies without events, which it weighs by corrected tables."""


def outcome(
    measure: str,
    rows: list[tuple[float, ...]],
    *,
    kind: Kind = "dichotomous",
    subgroup: list[int] | None = None,
    **settings: object,
) -> Outcome:
    """Toy studies as an outcome; counts as (events, total) of treatment and control."""
    names = {
        "dichotomous": ("events_treatment", "total_treatment", "events_control", "total_control"),
        "continuous": (
            *("mean_treatment", "sd_treatment", "total_treatment"),
            *("mean_control", "sd_control", "total_control"),
        ),
        "inverse variance": ("effect", "std_error"),
        "O-E and variance": ("o_e", "variance"),
    }[kind]
    count = len(rows)
    places = np.array(subgroup if subgroup is not None else [-1] * count)
    chosen = {"method": "IV" if kind != "dichotomous" else "MH", "random": False} | settings
    return Outcome(
        comparison=1,
        number=1,
        comparison_name="",
        name="toy",
        kind=kind,
        settings=Settings(measure=measure, measure_text=measure, **chosen),  # type: ignore[arg-type]
        rows=StudyRows(
            study=tuple(f"Toy {2001 + i}" for i in range(count)),
            year=np.full(count, np.nan),
            subgroup=places,
            in_total=np.full(count, True),
            numbers=dict(zip(names, np.array(rows, float).T, strict=True)),
            stored={},
            estimable=np.full(count, True),
            row=np.zeros(count, int),
        ),
        subgroups=tuple(Subgroup(name=f"group {i}") for i in sorted(set(places)) if i >= 0),
    )


EVENTS = [(4.0, 40.0, 9.0, 41.0), (7.0, 60.0, 12.0, 58.0)]
"""Studies that are beside the awkward one."""


@pytest.mark.parametrize("awkward", [(0, 30, 3, 28), (5, 5, 2, 6), (0, 30, 0, 31), (8, 8, 7, 7)])
def test_a_risk_difference_is_raw_and_its_standard_error_corrected(
    awkward: tuple[float, ...],
) -> None:
    """As in the rows of 397 reviews, whichever cells are empty."""
    found = revman_analysis(outcome("RD", [*EVENTS, awkward]))
    a, n1, c, n2 = awkward
    risks = np.array([(a + 0.5) / (n1 + 1), (c + 0.5) / (n2 + 1)])
    variances = risks * (1 - risks) / np.array([n1 + 1, n2 + 1])
    assert found.effect[2] == pytest.approx(a / n1 - c / n2, rel=CLOSED_FORM)
    assert found.std_error[2] == pytest.approx(np.sqrt(variances.sum()), rel=CLOSED_FORM)
    assert found.weight[2] > 0


def test_a_pooled_risk_difference_is_raw_too() -> None:
    rows = [*EVENTS, (0.0, 30.0, 0.0, 31.0)]
    a, n1, c, n2 = np.array(rows).T
    weights = n1 * n2 / (n1 + n2)
    found = revman_analysis(outcome("RD", rows)).total
    assert found is not None
    expected = (weights * (a / n1 - c / n2)).sum() / weights.sum()
    assert found.pooled.estimate == pytest.approx(expected, rel=CLOSED_FORM)
    assert found.pooled.weights == pytest.approx(100 * weights / weights.sum(), rel=CLOSED_FORM)


@pytest.mark.parametrize("awkward", [(8, 8, 7, 7), (30, 30, 31, 31)])
def test_a_risk_ratio_of_nothing_but_events_is_1_and_counts(awkward: tuple[float, ...]) -> None:
    _, n1, _, n2 = awkward
    found = revman_analysis(outcome("RR", [*EVENTS, awkward]))
    variance = 1 / (n1 + 0.5) + 1 / (n2 + 0.5) - 1 / (n1 + 1) - 1 / (n2 + 1)
    assert found.effect[2] == 0
    assert found.std_error[2] == pytest.approx(np.sqrt(variance), rel=CLOSED_FORM)
    assert found.estimable.all()
    assert found.total is not None
    assert found.total.pooled.k == 3


def test_a_pooled_risk_ratio_sums_that_study_with_its_ratio_of_1() -> None:
    """Mantel-Haenszel (Deeks and Higgins 2010) on cells to which one half was added."""
    n1, n2 = 8.0, 7.0
    found = revman_analysis(outcome("RR", [*EVENTS, (n1, n1, n2, n2)])).total
    treated, controls = n1 + 1, n2 + 1
    events = (n2 + 0.5) * treated / controls, n2 + 0.5
    a, t, c, u = np.array([*EVENTS, (events[0], treated, events[1], controls)]).T
    expected = np.log((a * u / (t + u)).sum() / (c * t / (t + u)).sum())
    assert found is not None
    assert found.pooled.estimate == pytest.approx(expected, rel=CLOSED_FORM)


@pytest.mark.parametrize(
    ("measure", "awkward"),
    [
        *((measure, (0, 30, 0, 31)) for measure in ("OR", "RR", "PETO")),
        *((measure, (8, 8, 7, 7)) for measure in ("OR", "PETO")),
        *((measure, (0, 0, 3, 31)) for measure in ("OR", "RR", "RD", "PETO")),
    ],
)
def test_studies_that_say_nothing_are_not_estimable(
    measure: str, awkward: tuple[float, ...]
) -> None:
    method = "PETO" if measure == "PETO" else "MH"
    found = revman_analysis(outcome(measure, [*EVENTS, awkward], method=method))
    assert found.estimable.tolist() == [True, True, False]
    assert found.weight[2] == 0
    without = revman_analysis(outcome(measure, EVENTS, method=method))
    assert_same(found, without)


@pytest.mark.parametrize("measure", ["MD", "SMD"])
@pytest.mark.parametrize(
    "awkward", [(5, 0, 20, 6, 2, 20), (5, 2, 0, 6, 2, 20), (5, 2, 20, 6, 0, 0)]
)
def test_a_spread_of_0_or_an_empty_arm_is_not_estimable(
    measure: str, awkward: tuple[float, ...]
) -> None:
    usual = [(5.1, 2.0, 30.0, 6.0, 2.2, 31.0), (4.8, 1.7, 22.0, 5.9, 1.9, 20.0)]
    rows = [*usual, awkward]
    found = revman_analysis(outcome(measure, rows, kind="continuous", random=True))
    assert found.estimable.tolist() == [True, True, False]
    assert_same(found, revman_analysis(outcome(measure, usual, kind="continuous", random=True)))


def test_one_half_is_added_to_all_cells_of_a_study_with_an_empty_one() -> None:
    found = revman_analysis(outcome("OR", [*EVENTS, (0, 25, 3, 24)]))
    a, b, c, d = 0.5, 25.5, 3.5, 21.5
    assert found.effect[2] == pytest.approx(np.log(a * d / (b * c)), rel=CLOSED_FORM)
    assert found.std_error[2] == pytest.approx(
        np.sqrt(1 / a + 1 / b + 1 / c + 1 / d), rel=CLOSED_FORM
    )


def test_nothing_that_is_estimable_gives_no_result() -> None:
    found = revman_analysis(outcome("OR", [(0, 30, 0, 31), (8, 8, 7, 7)]))
    assert found.total is None
    assert (found.differences, found.of_subgroups) == (None, None)
    assert (found.weight == 0).all()


def test_swapped_events_are_the_other_ones() -> None:
    others = [(n1 - a, n1, n2 - c, n2) for a, n1, c, n2 in EVENTS]
    swapped = revman_analysis(outcome("RR", EVENTS, swap_events=True))
    assert_same(swapped, revman_analysis(outcome("RR", others)))


def test_ratios_are_pooled_as_logarithms_however_they_were_entered() -> None:
    entered = [(0.7, 0.2), (0.9, 0.25), (0.55, 0.3)]
    logarithms = [(float(np.log(effect)), se) for effect, se in entered]
    kind: Kind = "inverse variance"
    plain = revman_analysis(outcome("HR", entered, kind=kind))
    assert_same(plain, revman_analysis(outcome("HR", logarithms, kind=kind, log_data=True)))


def test_o_e_and_variance_are_pooled_as_sums() -> None:
    rows = [(-4.1, 9.8), (1.2, 6.5), (-5.0, 12.3)]
    found = revman_analysis(outcome("HR", rows, kind="O-E and variance", method="PETO")).total
    o_e, variance = np.array(rows).sum(axis=0)
    assert found is not None
    assert found.pooled.estimate == pytest.approx(o_e / variance, rel=CLOSED_FORM)
    assert found.pooled.std_error == pytest.approx(variance**-0.5, rel=CLOSED_FORM)


GROUPED = [*EVENTS, (11.0, 80.0, 20.0, 82.0), (3.0, 33.0, 9.0, 35.0), (8.0, 50.0, 7.0, 48.0)]


@pytest.mark.parametrize("random", [False, True])
def test_a_subgroup_is_an_analysis_of_its_own(random: bool) -> None:
    whole = outcome("OR", GROUPED, subgroup=[0, 0, 1, 1, 1], random=random)
    found = revman_analysis(whole)
    for place, rows in enumerate((GROUPED[:2], GROUPED[2:])):
        alone = revman_analysis(outcome("OR", rows, random=random)).total
        group = found.subgroups[place]
        assert alone is not None
        assert group is not None
        assert group.pooled.estimate == pytest.approx(alone.pooled.estimate, rel=CLOSED_FORM)
        assert group.pooled.heterogeneity == alone.pooled.heterogeneity
    assert found.differences is not None
    estimates = [(group.pooled.estimate, group.pooled.std_error) for group in found.subgroups]  # type: ignore[union-attr]
    as_studies = revman_analysis(outcome("GEN", estimates, kind="inverse variance")).total
    assert as_studies is not None
    spread = as_studies.pooled.heterogeneity
    assert (found.differences.q, found.differences.df) == pytest.approx((spread.q, 1))


@pytest.mark.parametrize(
    ("totals", "subtotals", "sums"),
    [(True, True, [100]), (False, True, [100, 100]), (False, False, [0])],
)
def test_weights_are_of_what_is_totalled(totals: bool, subtotals: bool, sums: list[float]) -> None:
    whole = outcome(
        "OR", GROUPED, subgroup=[0, 0, 1, 1, 1], random=True, totals=totals, subtotals=subtotals
    )
    weight = revman_analysis(whole).weight
    parts = [weight[:2], weight[2:]] if len(sums) == 2 else [weight]
    assert [part.sum() for part in parts] == pytest.approx(sums)


def test_i2_from_tau2_and_the_newer_intervals() -> None:
    """RevMan since 2025: I² from tau², t with k - 1 degrees of freedom (Handbook 10.10.4)."""
    rows = [(-0.9, 0.2), (0.1, 0.25), (-0.6, 0.3), (0.4, 0.2)]
    kind: Kind = "inverse variance"
    newer = {"random": True, "estimator": "REML", "interval": "HKSJ", "i2_from_tau2": True}
    found = revman_analysis(outcome("GEN", rows, kind=kind, **newer)).total
    assert found is not None
    spread = found.pooled.heterogeneity
    typical = typical_variance(np.array([se**2 for _, se in rows]))
    assert spread.i2 == pytest.approx(spread.tau2 / (spread.tau2 + typical), rel=CLOSED_FORM)
    assert found.pooled.df == 3
    assert found.prediction is not None
    assert found.tau2_interval is not None
    assert found.tau2_interval[0] < spread.tau2 < found.tau2_interval[1]
    assert found.prediction[0] < found.pooled.lower < found.pooled.upper < found.prediction[1]


@pytest.mark.parametrize(("count", "df"), [(1, np.inf), (2, 1), (3, 2)])
def test_the_t_interval_needs_two_studies(count: int, df: float) -> None:
    rows = [(-0.9, 0.2), (0.1, 0.25), (-0.6, 0.3)][:count]
    settings = {"random": True, "estimator": "REML", "interval": "HKSJ"}
    found = revman_analysis(outcome("GEN", rows, kind="inverse variance", **settings)).total
    assert found is not None
    assert found.pooled.df == df


def test_without_settings_there_is_no_analysis() -> None:
    with pytest.raises(ValueError, match="without settings"):
        revman_analysis(replace(outcome("OR", EVENTS), settings=None))


@pytest.mark.parametrize("each", read_review(TOY).outcomes, ids=lambda each: each.analysis)
def test_every_kind_of_outcome_is_analysed(each: Outcome) -> None:
    found = revman_analysis(each)
    assert (found.estimable == each.rows.estimable).all()
    assert (found.total is not None) == each.rows.estimable.any()
    assert (found.lower < found.effect)[found.estimable].all()
    assert (found.effect < found.upper)[found.estimable].all()


@pytest.mark.parametrize("name", FILES)
def test_r_meta_has_the_same(name: str) -> None:
    """Under its settings for RevMan 5, on RevMan's own files."""
    count, other_rule = FILES[name]
    file = SHARED / "revman" / f"{name}.rm5"
    path = SHARED / "reference" / f"revman_meta_{name}.json"
    if not (file.exists() and path.exists()):
        pytest.skip(f"no {name}")
    review, compared, differing = read_review(file), 0, set()
    for entry in json.loads(path.read_text(encoding="utf-8"))["outcomes"]:
        each = review.outcome(f"{entry['comp_no']}.{entry['outcome_no']}")
        found = revman_analysis(each)
        if found.total is None:
            assert not each.rows.estimable.any()
            continue
        compared += 1
        expected = numbers_of_r(entry["result"], random=found.settings.random)
        if numbers_of(found) != pytest.approx(expected, rel=R_META, abs=R_META):
            differing.add(each.analysis)
    assert (compared, differing) == (count, other_rule)


def numbers_of(found: RevManAnalysis) -> list[float]:
    assert found.total is not None
    pooled, spread = found.total.pooled, found.total.pooled.heterogeneity
    numbers = [pooled.estimate, pooled.lower, pooled.upper, spread.q, spread.i2]
    return [*numbers, spread.tau2] if found.settings.random else numbers


def numbers_of_r(result: dict, *, random: bool) -> list[float]:
    model = "random" if random else "common"
    numbers = [result[f"{name}_{model}"] for name in ("TE", "lower", "upper")]
    numbers += [first(result["Q"]), first(result["I2"]) or 0.0]
    return [*numbers, first(result["tau2"])] if random else numbers


def first(value: object) -> float:
    found = value[0] if isinstance(value, list) else value
    return 0.0 if found is None else float(found)  # of one study there is no heterogeneity


def assert_same(found: RevManAnalysis, other: RevManAnalysis) -> None:
    """The pooled results of both."""
    assert found.total is not None
    assert other.total is not None
    assert numbers_of(found) == pytest.approx(numbers_of(other), rel=CLOSED_FORM, abs=CLOSED_FORM)

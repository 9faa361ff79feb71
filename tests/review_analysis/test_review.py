"""A second opinion on a review: each outcome is the fit that it says it is, and ranked by need."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

import bayesmeta as bm
from bayesmeta.comparison import SideBySide, side_by_side
from bayesmeta.errors import InputError, PriorError, SpecError
from bayesmeta.measures import find_measure
from bayesmeta.pipeline import Prepared
from bayesmeta.report import write_review
from bayesmeta.review_analysis import OutcomeResult, ReviewResult, review_to_text
from bayesmeta.studies import read_review

ROOT = Path(__file__).parents[2]
TOY = ROOT / "tests" / "parity" / "toy.rm5"
REVMAN = ROOT.parent / "shared" / "revman"

EXACT = 1e-9
"""A batch and a single fit take different nodes; both are right to more than this."""

NUTS_ERRORS = 5
"""Monte Carlo standard errors, by which one of a few medians may be off."""

BROKEN = "2.4 Sleep, without spread"
"""The outcome of the toy review that has no standard deviations."""

ENDS = ("estimate", "lower", "upper")
PREDICTED = ("prediction_lower", "prediction_upper")


@pytest.fixture(scope="module")
def found() -> ReviewResult:
    return bm.review(TOY)


def of(found: ReviewResult, analysis: str, subgroup: str = "") -> OutcomeResult:
    (each,) = (
        each
        for each in found.outcomes
        if (each.outcome.analysis, each.subgroup) == (analysis, subgroup)
    )
    return each


def test_every_outcome_is_there_once(found: ReviewResult) -> None:
    analysed = [each.outcome.analysis for each in found.outcomes]
    numbers = [outcome.analysis for outcome in read_review(TOY)]
    numbers.remove("2.4")
    assert sorted(analysed) == sorted([*numbers, "2.3"])  # whose two subgroups are apart
    assert (found.engine, found.verdict) == ("quadrature", "ok")


def test_what_cannot_be_analysed_stops_nothing(found: ReviewResult) -> None:
    ((name, reason),) = found.broken
    assert name == BROKEN
    assert "no study has an effect" in reason
    assert "Ada 2001: missing: sd_treatment, sd_control" in reason
    assert found.to_dict()["broken"] == [{"outcome": name, "reason": reason}]
    assert found.review.left_out == (("3.4 Costs, in words", "it is text without numbers"),)


def test_what_departs_most_comes_first(found: ReviewResult) -> None:
    table = found.table
    keys = ["conclusion_changes", "rests_on_prior", "prediction_crosses", "distance"]
    several = table[table["k"] > 1]
    pd.testing.assert_frame_equal(
        several, several.sort_values(keys, ascending=False, kind="stable"), check_like=False
    )
    assert several["distance"].between(0, 1).all()


def test_one_study_alone_ranks_below_several() -> None:
    """Its conclusion changes by the prior of tau alone, whatever it found."""
    review = read_review(TOY)
    first = review.outcome("3.1")
    in_total = np.array([False, False, True])
    alone = replace(first, number=9, rows=replace(first.rows, in_total=in_total))
    found = bm.review(replace(review, outcomes=(alone, first)))
    assert [each.k for each in found.outcomes] == [3, 1]
    assert all(each.conclusion_changes for each in found.outcomes)


def test_flags_follow_from_the_numbers_in_the_table(found: ReviewResult) -> None:
    records = {
        (record["analysis"], record["subgroup"]): record for record in found.to_dict()["outcomes"]
    }
    flags = 0
    for _, row in found.table.iterrows():
        null = 1.0 if find_measure(row["measure"]).scale.ratio else 0.0

        def excludes(prefix: str, row: pd.Series = row, null: float = null) -> bool:
            return not row[f"{prefix}lower"] <= null <= row[f"{prefix}upper"]

        changes = excludes("revman_") != excludes("bayes_")
        crosses = excludes("bayes_") and not excludes("bayes_prediction_")
        others = records[row["analysis"], row["subgroup"]]["other_priors"]
        other = [not prior["lower"] <= null <= prior["upper"] for prior in others]
        assert row["conclusion_changes"] == changes
        assert row["prediction_crosses"] == crosses
        assert [prior["changes_conclusion"] for prior in others] == [
            verdict != excludes("bayes_") for verdict in other
        ]
        assert row["rests_on_prior"] == any(prior["changes_conclusion"] for prior in others)
        each = of(found, row["analysis"], row["subgroup"])
        expected = [
            name
            for name, holds in (
                ("conclusion changes", changes),
                ("rests on the prior", row["rests_on_prior"]),
                ("new study on either side", crosses),
            )
            if holds
        ]
        assert list(each.flags) == expected
        flags += len(expected)
    assert flags > 0


@pytest.mark.parametrize(
    "analysis", ["1.1", "1.2", "1.3", "1.4", "1.5", "2.1", "2.2", "3.1", "3.2", "3.3"]
)
def test_an_outcome_is_its_own_comparison_and_fit(found: ReviewResult, analysis: str) -> None:
    each = of(found, analysis)
    alone = bm.compare(TOY, analysis=analysis, engine="quadrature")
    rows = [row for row in alone.rows if row.method != "binomial"]  # a second Bayesian row
    assert [row.label for row in each.rows] == [row.label for row in rows]
    for one, other in zip(each.rows, rows, strict=True):
        for name in (*ENDS, "sd", "tau", "tau_lower", "tau_upper", "i2", *PREDICTED):
            expected = pytest.approx(getattr(other, name), rel=EXACT, abs=EXACT, nan_ok=True)
            assert getattr(one, name) == expected, (one.method, name)
    shared = [line for line in alone.sentences if "counts" not in line]
    assert [line for line in each.sentences if "left out by every row," not in line] == [
        line for line in shared if "left out by every row," not in line
    ]
    mu = bm.fit(TOY, analysis=analysis, engine="quadrature").estimate("mu")
    shown = found.table.set_index(["analysis", "subgroup"]).loc[(analysis, "")]
    for ours, theirs in (("estimate", "median"), ("lower", "lower"), ("upper", "upper")):
        assert shown[f"bayes_{ours}"] == pytest.approx(mu[f"display_{theirs}"], rel=EXACT)


@pytest.mark.parametrize("subgroup", ["low dose", "high dose"])
def test_subgroups_are_analysed_alone_where_there_is_no_total(
    found: ReviewResult, subgroup: str
) -> None:
    each = of(found, "2.3", subgroup)
    where = f"subgroup == '{subgroup}'"
    fit = bm.fit(TOY, analysis="2.3", engine="quadrature", where=where)
    mu = fit.estimate("mu")
    assert each.k == 2
    assert [each.bayes.estimate, each.bayes.lower, each.bayes.upper] == pytest.approx(
        [mu["median"], mu["lower"], mu["upper"]], rel=EXACT
    )
    alone = bm.compare(TOY, analysis="2.3", engine="quadrature", where=where)
    revman = next(row for row in alone.rows if row.method == "random")
    assert each.revman == revman


def test_swapped_events_are_analysed_swapped(found: ReviewResult) -> None:
    """Few relapse, so that the ratio of those who do not is near 1, and above it."""
    relapse, remission = of(found, "1.2"), of(found, "1.5")
    assert relapse.bayes.estimate < -0.5
    assert 0 < remission.bayes.estimate < 0.3
    assert (relapse.k, remission.k) == (4, 5)  # nothing but events is an answer, no event is none


def test_other_priors_are_fits_with_them(found: ReviewResult) -> None:
    each = of(found, "1.1")
    label = "tau Jeffreys()"
    prior = next(prior for prior in each.priors if prior.label == label)
    mu = bm.fit(TOY, analysis="1.1", engine="quadrature", tau="Jeffreys()").estimate("mu")
    assert [getattr(prior.row, end) for end in ENDS] == pytest.approx(
        [mu["median"], mu["lower"], mu["upper"]], rel=EXACT
    )


def test_options_hold_for_all_outcomes() -> None:
    chosen = bm.review(
        TOY, tau="HalfCauchy(0.3)", prob=0.9, try_tau=["HalfNormal(1)"], try_mu=[], better="lower"
    )
    for each in chosen.outcomes:
        assert each.prepared.problem.priors["tau"].expression == "HalfCauchy(beta=0.3)"
        assert [prior.label for prior in each.priors] == ["tau HalfNormal(1)"]
    each = of(chosen, "2.1")
    fit = bm.fit(TOY, analysis="2.1", engine="quadrature", tau="HalfCauchy(0.3)", prob=0.9)
    assert each.bayes.lower == pytest.approx(fit.estimate("mu")["lower"], rel=EXACT)
    assert 0 < each.bayes.prob_benefit < 1


@pytest.mark.parametrize(
    ("wrong", "phrase"),
    [
        ({"sead": 1}, "Did you mean 'seed'"),
        ({"prob": 2}, "less than 1"),
        ({"better": "up"}, "'higher', 'lower'"),
        ({"draws": 1}, "greater than or equal to 100"),
        ({"method": "HM"}, "'MH', 'IV', 'PETO'"),
        ({"tau": "HalfNormal(1"}, "is not a prior"),
        ({"tau": "Nonsense(1)"}, "unknown prior"),
        ({"try_tau": ["Nonsense(1)"]}, "unknown prior"),
        ({"heterogeneity": "nope"}, "unknown heterogeneity"),
        ({"likelihood": "nope"}, "unknown likelihood"),
        ({"engine": "nope"}, "unknown engine"),
        ({"measure": "OR"}, "of one analysis"),
        ({"where": "year > 2000"}, "of one analysis"),
        ({"leave_one_out": True}, "of one analysis"),
        ({"method": "MH"}, "of one analysis"),
        ({"published": {"estimate": 1, "lower": 0, "upper": 2}}, "of one analysis"),
    ],
)
def test_a_wrong_option_is_no_broken_outcome(wrong: dict[str, object], phrase: str) -> None:
    with pytest.raises((SpecError, PriorError), match=phrase):
        bm.review(TOY, **wrong)


@pytest.mark.parametrize("content", ["", "study,effect\nToy 2001,1\n", "<?xml version='1.0'?><A/>"])
def test_no_review_is_an_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "review.rm5"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"review\.rm5"):
        bm.review(path)


def test_a_review_without_outcomes_is_empty() -> None:
    found = bm.review(replace(read_review(TOY), outcomes=()))
    assert (found.outcomes, found.broken, found.verdict) == ((), (), "ok")
    assert found.table.empty
    assert found.to_dict()["outcomes"] == []
    assert "0 analyses" in rendered(found)


def test_json_holds_the_table(found: ReviewResult) -> None:
    text = json.dumps(found.to_dict(), allow_nan=False)
    content = json.loads(text)
    assert content["parity"]["checked"] == content["parity"]["agree"] == len(found.parity.stored)
    table = found.table
    for record, (_, row) in zip(content["outcomes"], table.iterrows(), strict=True):
        assert {name: record[name] for name in ("analysis", "subgroup", "k", "measure")} == {
            name: row[name] for name in ("analysis", "subgroup", "k", "measure")
        }
        assert record["bayes_lower"] == pytest.approx(row["bayes_lower"])
        assert record["priors"]["tau"]["expression"] == row["tau_prior"]
    excluded = {record["analysis"]: record["excluded"] for record in content["outcomes"]}
    assert [item["study"] for item in excluded["1.1"]] == ["Ed 2005"]


def test_text_for_a_terminal(found: ReviewResult) -> None:
    text = rendered(found)
    flagged = [each for each in found.outcomes if each.flags]
    assert f"{len(found.outcomes)} analyses in" in text
    assert f"{len(flagged)} with something to look at" in text
    assert all(each.outcome.name in text for each in flagged)
    assert f"not analysed: {BROKEN}" in text
    assert "left out: 3.4 Costs, in words" in text


def test_what_revman_stored_is_what_it_is_set_beside() -> None:
    path = REVMAN / "CD004976StatsDataOnly.rm5"
    if not path.exists():
        pytest.skip(f"no {path.name}")
    review = read_review(path)
    found = bm.review(review)
    assert not found.broken
    assert len(found.outcomes) == len(review.outcomes)
    shown = found.table.set_index("analysis")
    for outcome in review:
        for end in ("effect", "lower", "upper"):
            name = f"revman_{end.replace('effect', 'estimate')}"
            stored = outcome.stored[end]
            assert shown.loc[outcome.analysis, name] == pytest.approx(stored, rel=EXACT)
        assert of(found, outcome.analysis).revman.label == "RevMan, as stored"


@pytest.mark.parametrize(
    ("settings", "method"),
    [
        ({"random": False}, "fixed"),
        ({"random": True}, "random"),
        ({"random": True, "estimator": "REML"}, "own"),
        ({"random": True, "interval": "HKSJ"}, "own"),
        ({"random": True, "estimator": "REML", "interval": "HKSJ"}, "reml"),
    ],
)
def test_it_is_set_beside_revmans_own_method(settings: dict[str, object], method: str) -> None:
    each = with_settings("3.1", **settings)
    methods = [row.method for row in each.rows]
    assert methods == [*("fixed", "random"), *(["own"] * (method == "own")), "reml", "normal"]
    assert each.revman == each.rows[methods.index(method)]


def test_the_level_of_revmans_interval_changes_no_conclusion() -> None:
    usual, other = (with_settings("3.1", level=level) for level in (0.95, 0.99))
    assert usual.revman == other.revman
    assert (usual.distance, usual.flags) == (other.distance, other.flags)


def with_settings(analysis: str, **settings: object) -> OutcomeResult:
    """The second opinion on an outcome of the toy review that RevMan analyses otherwise."""
    review = read_review(TOY)
    outcome = review.outcome(analysis)
    assert outcome.settings is not None
    chosen = replace(outcome, settings=replace(outcome.settings, **settings))
    (each,) = bm.review(replace(review, outcomes=(chosen,))).outcomes
    return each


def test_by_nuts_it_is_the_same() -> None:
    review = read_review(TOY)
    two = replace(review, outcomes=tuple(map(review.outcome, ("2.1", "3.1"))))
    options = {"try_tau": [], "try_mu": []}
    exact = bm.review(two, **options)
    sampled = bm.review(two, engine="nuts", draws=500, tune=500, chains=2, seed=1, **options)
    assert sampled.engine == "nuts"
    for analysis in ("2.1", "3.1"):
        one, other = of(exact, analysis).bayes, of(sampled, analysis).bayes
        error = one.sd / np.sqrt(300)  # at least as many effective draws of mu
        assert other.estimate == pytest.approx(one.estimate, abs=NUTS_ERRORS * error)
        assert other.width == pytest.approx(one.width, rel=0.2)


def rendered(found: ReviewResult) -> str:
    console = Console(width=220, record=True, file=io.StringIO())
    console.print(review_to_text(found))
    return console.export_text()


@pytest.mark.parametrize(
    ("settings", "method"),
    [
        ({"random": False}, "fixed"),
        ({"random": True, "estimator": "REML", "interval": "Wald"}, "own"),
        ({"random": True, "estimator": "REML", "interval": "HKSJ"}, "reml"),
    ],
)
def test_a_subgroup_without_a_total_has_revmans_own_method(
    settings: dict[str, object], method: str
) -> None:
    read = read_review(TOY)
    changed = tuple(
        replace(each, settings=replace(each.settings, **settings))
        if each.analysis == "2.3" and each.settings
        else each
        for each in read.outcomes
    )
    found = bm.review(replace(read, outcomes=changed))
    parts = [each for each in found.outcomes if each.outcome.analysis == "2.3"]
    assert len(parts) == 2
    assert {each.revman.method for each in parts} == {method}


def test_what_was_not_pooled_has_no_conclusion_to_change() -> None:
    read = read_review(TOY)
    changed = tuple(
        replace(each, settings=replace(each.settings, totals=False, subtotals=False))
        for each in read.outcomes
        if each.settings
    )
    found = bm.review(replace(read, outcomes=changed))
    assert not any(each.conclusion_changes for each in found.outcomes)
    assert all("was told not to pool" in each.sentences[0] for each in found.outcomes)


def test_a_common_effect_is_kept_whole(tmp_path: Path) -> None:
    found = bm.review(TOY, heterogeneity="common")
    write_review(found, tmp_path)
    content = json.loads((tmp_path / "review.json").read_text(encoding="utf-8"))
    assert {each["tau"] for each in content["outcomes"]} == {None}


def test_a_fault_in_one_outcome_is_reported_and_the_rest_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = side_by_side

    def sometimes(prepared: Prepared, *others: Any) -> SideBySide:
        if prepared.spec.effect.measure == "SMD":
            raise KeyError("toy")
        return whole(prepared, *others)

    monkeypatch.setattr("bayesmeta.review_analysis.analyse.side_by_side", sometimes)
    found = bm.review(TOY)
    assert [reason for _, reason in found.broken if "KeyError" in reason]
    assert {"OR", "MD"} <= {each.measure.code for each in found.outcomes}


def test_where_no_outcome_can_be_analysed_the_first_says_why() -> None:
    read = read_review(TOY)
    with pytest.raises(InputError, match="no study has an effect"):
        bm.review(replace(read, outcomes=(read.outcome("2.4"),)))


def test_the_table_says_what_revmans_row_is() -> None:
    """What RevMan stored at 95 % is not what is shown at 90 %."""
    path = ROOT.parent / "shared" / "revman" / "Fleiss1993.rm5"
    if not path.exists():
        pytest.skip("no Fleiss1993.rm5")
    found = {prob: bm.review(path, prob=prob).table for prob in (0.9, 0.95)}
    assert [set(table["level"]) for table in found.values()] == [{0.9}, {0.95}]
    assert set(found[0.95]["revman"]) == {
        "RevMan, as stored",
        "RevMan, fixed effect (inverse variance)",
    }
    assert set(found[0.9]["revman"]) == {
        "RevMan, fixed effect (Mantel-Haenszel)",
        "RevMan, fixed effect (inverse variance)",
    }

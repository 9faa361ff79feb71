"""The same studies under other structures."""

import dataclasses
import importlib
import json
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

import bayesmeta as bm
from bayesmeta.comparison.structures_result import LeaveOneOut, StructureRow, Structures
from bayesmeta.errors import DataError, EngineError, SpecError
from bayesmeta.results import Diagnostics

FRAME = pd.DataFrame(
    {
        "study": list("ABCDEFG"),
        "effect": [0.1, 0.45, -0.2, 0.8, 0.35, 0.3, -0.1],
        "std_error": [0.2, 0.3, 0.25, 0.3, 0.15, 0.4, 0.2],
        "group": ["x", "x", "x", "y", "y", "y", "z"],
        "month": [1.0, 3.0, 3.0, 3.0, 6.0, 6.0, 6.0],
        "dose": [1.0, 2.0, 2.5, 3.0, 1.5, 0.5, 2.0],
        "trial": ["P", "P", "Q", "R", "R", "S", "T"],
    }
)
PRIORS = {
    "mu": "Normal(0, 1)",
    "beta": "Normal(0, 0.1)",
    **dict.fromkeys(("tau", "omega", "tau_within", "tau_outlier"), "HalfNormal(0.5)"),
}
QUICK = {"measure": "GEN", "scale": "analysis", "chains": 2, "draws": 400, "tune": 400, **PRIORS}
SAMPLED = ("student-t", "mixture")
INTEGRATED = 1e-6
"""Of the brute-force integral: Gauss-Legendre, 60 nodes a deviation, up to 12 of its scales."""
EFFECT, ERROR = FRAME["effect"].to_numpy(), FRAME["std_error"].to_numpy()


def indicators(column: str) -> np.ndarray:
    """1 where a row is of a level."""
    labels = FRAME[column].to_numpy()
    return (labels[:, None] == np.unique(labels)).astype(float)


def nodes(scale: float = 0.5) -> list[tuple[float, float]]:
    """Values of a deviation with a half-normal prior, and the logarithms of their shares."""
    x, weight = np.polynomial.legendre.leggauss(60)
    value = 3 * scale * (1 + x)
    density = np.sqrt(2 / np.pi) / scale * np.exp(-0.5 * (value / scale) ** 2)
    return list(zip(value, np.log(3 * scale * weight * density), strict=True))


def log_density(rows: np.ndarray, covariance: object, deviations: int) -> float:
    """Log evidence of rows by brute force: normal given the deviations, these on a grid."""
    if not rows.size:
        return 0.0
    terms = []
    for point in product(nodes(), repeat=deviations):
        values, log_shares = zip(*point, strict=True) if point else ((), ())
        whole = covariance(*values) + np.diag(ERROR**2)
        part = whole[np.ix_(rows, rows)]
        terms.append(multivariate_normal.logpdf(EFFECT[rows], np.zeros(rows.size), part))
        terms[-1] += sum(log_shares)
    return float(logsumexp(terms))


def left_out(covariance: object, deviations: int, units: list[np.ndarray]) -> np.ndarray:
    """Log density of each unit given all others, by the definition."""
    every = np.arange(EFFECT.size)
    whole = log_density(every, covariance, deviations)
    return np.array(
        [whole - log_density(np.setdiff1d(every, u), covariance, deviations) for u in units]
    )


SINGLE = [np.array([row]) for row in range(EFFECT.size)]
ONES, EYE = np.ones((EFFECT.size, EFFECT.size)), np.eye(EFFECT.size)
SAME = indicators("group") @ indicators("group").T


def found_row(found: Structures, name: str) -> StructureRow:
    return next(row for row in found.rows if name in row.names)


@pytest.fixture(scope="module")
def by_group() -> object:
    return bm.structures(FRAME, subgroup="group", without=SAMPLED, **QUICK)


CASES = {
    "no-subgroups": (lambda tau: ONES + tau**2 * EYE, 1),
    "exchangeable": (lambda tau, omega: ONES + omega**2 * SAME + tau**2 * EYE, 2),
    "independent": (lambda tau: SAME + tau**2 * EYE, 1),
    "common": (lambda omega: ONES + omega**2 * SAME, 1),
}


@pytest.mark.parametrize("name", CASES)
def test_elpd_is_that_of_brute_force(by_group: object, name: str) -> None:
    row, (covariance, deviations) = found_row(by_group, name), CASES[name]
    expected = left_out(covariance, deviations, SINGLE)
    assert row.loo.method == "exact"
    assert row.loo.pointwise == pytest.approx(expected, abs=INTEGRATED)
    evidence = log_density(np.arange(EFFECT.size), covariance, deviations)
    assert row.log_evidence == pytest.approx(evidence, abs=INTEGRATED)


def test_subgroups_that_share_nothing_are_analyses_of_their_own(by_group: object) -> None:
    row = found_row(by_group, "separate-tau")
    assert row.engine == "nuts"
    expected = np.zeros(EFFECT.size)
    total = 0.0
    for group in indicators("group").T:
        rows = np.flatnonzero(group)
        each = log_density(rows, lambda tau: ONES + tau**2 * EYE, 1)
        total += each
        for one in rows:
            others = rows[rows != one]
            expected[one] = each - log_density(others, lambda tau: ONES + tau**2 * EYE, 1)
    assert row.loo.pointwise == pytest.approx(expected, abs=INTEGRATED)
    assert row.log_evidence == pytest.approx(total, abs=INTEGRATED)


def test_a_walk_that_loses_its_first_time_keeps_its_place() -> None:
    """The prior of mu is of the first mean, whose one study is left out, and not of the second."""
    found = bm.structures(
        FRAME,
        time={"column": "month", "effects": "random-walk"},
        only=["random-walk"],
        **QUICK,
    )
    gaps = np.array([2.0, 3.0]) / 2.5
    place = np.concatenate([[0.0], np.cumsum(gaps)])[np.searchsorted([1, 3, 6], FRAME["month"])]
    together = np.minimum.outer(place, place)
    expected = left_out(lambda tau, omega: ONES + omega**2 * together + tau**2 * EYE, 2, SINGLE)
    (row,) = found.rows
    assert row.loo.pointwise == pytest.approx(expected, abs=INTEGRATED)


@pytest.fixture(scope="module")
def nested() -> object:
    return bm.structures(
        FRAME,
        cluster="trial",
        heterogeneity="nested",
        without=("student-t",),
        **QUICK,
    )


def test_units_of_several_rows_are_left_out_whole(nested: object) -> None:
    member = indicators("trial")
    units = [np.flatnonzero(column) for column in member.T]
    assert nested.units == ("P", "Q", "R", "S", "T")
    assert set(nested.table["k"]) == {5}
    same = member @ member.T
    for name, covariance, deviations in (
        ("nested", lambda tau, within: ONES + tau**2 * same + within**2 * EYE, 2),
        ("independent-rows", lambda tau: ONES + tau**2 * EYE, 1),
    ):
        expected = left_out(covariance, deviations, units)
        row = found_row(nested, name)
        assert row.loo.pointwise == pytest.approx(expected, abs=INTEGRATED)


def test_independent_rows_are_one_structure_by_two_names(nested: object) -> None:
    assert [row.label for row in nested.rows] == [
        "nested effects",
        "common effect, independent rows",
        "random effects, independent rows",
        "mixture of effects, independent rows",
    ]
    assert found_row(nested, "random") is found_row(nested, "independent-rows")


def test_rows_are_summed_by_unit_where_they_are_independent(nested: object) -> None:
    """A mixture, by importance sampling: its draws give the densities once more, by hand."""
    row = found_row(nested, "mixture")
    assert row.loo.method == "psis"
    assert row.loo.pointwise.size == 5
    assert row.log_evidence is None
    fit = bm.fit(FRAME, heterogeneity="mixture", **QUICK)
    draws = fit.posterior
    log = np.zeros((*draws["mu"].shape, 5))
    for study, unit in zip(range(EFFECT.size), indicators("trial").argmax(1), strict=True):
        variance = draws["tau"].to_numpy() ** 2 + ERROR[study] ** 2
        more = variance + draws["tau_outlier"].to_numpy() ** 2
        share, apart = draws["p_outlier"].to_numpy(), EFFECT[study] - draws["mu"].to_numpy()
        log[..., unit] += np.log(
            (1 - share) * np.exp(-0.5 * apart**2 / variance) / np.sqrt(2 * np.pi * variance)
            + share * np.exp(-0.5 * apart**2 / more) / np.sqrt(2 * np.pi * more)
        )
    again = LeaveOneOut.sampled(log, draws[["mu", "tau", "p_outlier", "tau_outlier"]])
    assert row.loo.pointwise == pytest.approx(again.pointwise, rel=1e-9)


SMOOTHED = 0.06
"""Largest difference of a log density by importance sampling of 8000 independent draws, k < 0.5:
in the models of models/oa-pain.toml it is at most 0.04."""


@pytest.mark.parametrize(
    "model", [{}, {"heterogeneity": "common"}, {"moderators": "dose"}], ids=str
)
def test_importance_sampling_agrees_where_k_is_low(model: dict[str, str]) -> None:
    quick = {**QUICK, "chains": 4, "draws": 2000}
    (row,) = bm.structures(FRAME, only=["own"], **model, **quick).rows
    fit = bm.fit(FRAME, engine="quadrature", **model, **quick)
    log = fit.tree["log_likelihood"]["effect"].to_numpy()
    sampled = LeaveOneOut.sampled(log, fit.posterior[["mu"]])
    low = sampled.pareto_k < 0.5
    assert low.sum() >= 4
    assert sampled.pointwise[low] == pytest.approx(row.loo.pointwise[low], abs=SMOOTHED)
    assert row.loo.p_loo == pytest.approx(sampled.p_loo, abs=7 * SMOOTHED)


def test_counts_have_the_same_scale_by_either_way() -> None:
    counts = pd.DataFrame(
        {
            "study": list("ABCDE"),
            "events_treatment": [4, 3, 6, 9, 5],
            "total_treatment": [40, 35, 40, 52, 30],
            "events_control": [6, 5, 9, 12, 8],
            "total_control": [42, 34, 38, 51, 30],
        }
    )
    options = {"measure": "OR", "likelihood": "binomial", "draws": 2000}
    (row,) = bm.structures(counts, only=["own"], **options).rows
    fit = bm.fit(counts, engine="quadrature", **options)
    sampled = LeaveOneOut.sampled(
        fit.tree["log_likelihood"]["counts"].to_numpy(), fit.posterior[["mu"]]
    )
    low = sampled.pareto_k < 0.5
    assert low.sum() >= 3
    assert sampled.pointwise[low] == pytest.approx(row.loo.pointwise[low], abs=SMOOTHED)


def test_own_structure_comes_first_and_stays(by_group: object) -> None:
    assert [row.own for row in by_group.rows] == [True] + [False] * (len(by_group.rows) - 1)
    assert by_group.rows[0].names == ("own", "random", "exchangeable")
    again = bm.structures(
        FRAME, subgroup="group", without=["own", *SAMPLED], only=["common"], **QUICK
    )
    assert [row.names[0] for row in again.rows] == ["own", "common"]


def test_differences_weights_and_probabilities(by_group: object) -> None:
    table = by_group.table
    rows = by_group.rows
    pointwise = np.array([row.loo.pointwise for row in rows])
    best = table["elpd"].argmax()
    apart = pointwise - pointwise[best]
    assert table["elpd_diff"].to_numpy() == pytest.approx(apart.sum(1), abs=1e-12)
    assert table["dse"].to_numpy() == pytest.approx(np.sqrt(7) * apart.std(1), abs=1e-12)
    assert table["weight"].sum() == pytest.approx(1)
    weighed = np.log(table["weight"].to_numpy() @ np.exp(pointwise)).sum()
    assert weighed >= table["elpd"].max() - 1e-6  # the best mixture is no worse than one of them
    evidence = np.exp([row.log_evidence for row in rows])
    assert table["probability"].to_numpy() == pytest.approx(evidence / evidence.sum())


def test_priors_and_estimates_are_those_of_fits(by_group: object) -> None:
    fit = bm.fit(FRAME, engine="quadrature", **QUICK)
    row = found_row(by_group, "no-subgroups")
    assert row.estimate("mu")["median"] == pytest.approx(fit.estimate("mu")["median"], rel=1e-12)
    assert row.log_evidence == pytest.approx(fit.record["evidence"]["log_evidence"], rel=1e-12)
    assert by_group.priors["tau"]["expression"] == "HalfNormal(sigma=0.5)"
    assert set(by_group.priors) == {"mu", "tau", "omega"}


def test_moderators_and_lines_have_their_coefficients() -> None:
    found = bm.structures(FRAME, moderators="dose", without=SAMPLED, **QUICK)
    assert [row.names[-1] for row in found.rows] == ["moderators", "common", "no-moderators"]
    assert [bool(row.estimate("mu")) for row in found.rows] == [True] * 3
    assert "Normal(mu=0, sigma=0.1)" in found.priors["beta[dose]"]["expression"]
    names = [{each["name"] for each in row.estimates} for row in found.rows]
    assert names == [{"mu", "beta", "tau"}, {"mu", "beta"}, {"mu", "tau"}]


def test_an_improper_prior_has_no_evidence_and_may_have_no_elpd() -> None:
    flat = {**QUICK, "mu": "Flat()", "without": SAMPLED}
    found = bm.structures(FRAME, subgroup="group", **flat)
    row = found_row(found, "independent")
    assert row.loo is None
    assert "without G" in row.reason  # the one study of its subgroup
    pooled = found_row(found, "no-subgroups")
    assert pooled.log_evidence is None
    wide = bm.structures(FRAME, only=["own"], **{**QUICK, "mu": "Normal(0, 1000)"}).rows[0]
    assert pooled.loo.pointwise == pytest.approx(wide.loo.pointwise, abs=1e-4)
    assert found.table["probability"].isna().all()


def test_what_cannot_be_is_a_row_with_its_reason() -> None:
    found = bm.structures(
        FRAME,
        cluster="trial",
        heterogeneity="nested",
        fixed_rho=0.5,
        subgroup="group",
        only=["student-t", "separate-tau"],
        **QUICK,
    )
    reasons = {row.names[-1]: row.reason for row in found.rows}
    assert "do not go with student-t" in reasons["student-t"]
    assert "no separate tau with nested" in reasons["separate-tau"]
    assert found.rows[0].loo is None or found.rows[0].reason == ""
    assert found.table["elpd"].notna().sum() == 1


def test_a_candidate_whose_engine_fails_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("bayesmeta.comparison.structures")
    fitted = module.fit_prepared

    def failing(prepared: object) -> object:
        if prepared.spec.model.heterogeneity == "common":
            raise EngineError("no room\n  Take less.")
        return fitted(prepared)

    monkeypatch.setattr(module, "fit_prepared", failing)
    found = bm.structures(FRAME, without=SAMPLED, **QUICK)
    assert [row.reason for row in found.rows] == ["", "no room"]
    with pytest.raises(EngineError, match="common effect: no room"):
        bm.structures(FRAME, heterogeneity="common", only=["own"], **QUICK)


def test_names_that_are_none_are_refused() -> None:
    with pytest.raises(SpecError, match="'exchangable' is no candidate") as raised:
        bm.structures(FRAME, subgroup="group", only=["exchangable"], **QUICK)
    assert raised.value.hint == "Did you mean 'exchangeable'?"
    with pytest.raises(DataError, match="one study"):
        bm.structures(FRAME.head(1), **QUICK)


def test_files_hold_what_the_table_says(by_group: object, tmp_path: Path) -> None:
    csv, text = by_group.save(tmp_path, "x")
    assert [csv.name, text.name] == ["x-structures.csv", "x-structures.json"]
    table, kept = pd.read_csv(csv), json.loads(text.read_text(encoding="utf-8"))
    assert list(table["structure"]) == [row.label for row in by_group.rows]
    assert table["elpd"].to_numpy() == pytest.approx(by_group.table["elpd"].to_numpy())
    first = kept["structures"][0]
    assert sum(first["pointwise"]) == pytest.approx(first["elpd"])
    assert first["pareto_k"] is None
    assert first["own"] is True
    assert kept["units"] == list("ABCDEFG")
    assert [each["name"] for each in first["estimates"]][:3] == ["mu"] * 3


def test_verdicts_and_warnings_travel(by_group: object) -> None:
    bad = Diagnostics(verdict="fail", messages=("It did not converge.",))
    failed = dataclasses.replace(by_group.rows[1], verdict=bad.verdict, warnings=bad.messages)
    found = dataclasses.replace(by_group, rows=(by_group.rows[0], failed))
    assert found.verdict == "fail"
    assert f"{failed.label}: It did not converge." in found.warnings

"""What follows from subgroups: ranks, the test, warnings; and that fits survive a file."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.classical import dersimonian_laird, inverse_variance
from bayesmeta.priors import parse_prior
from bayesmeta.results.prior_influence import prior_warnings

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "models" / "oa-pain-by-source.toml"
PRINTED = 5e-4
"""Half the last printed digit of a probability."""

BETWEEN_ENGINES = 0.02
"""Of probabilities from 8,000 draws that are not independent: three standard errors and more."""


@pytest.fixture(scope="module")
def exact() -> bm.Fit:
    """Exchangeable means, by quadrature."""
    return bm.fit(SOURCE, engine="quadrature")


@pytest.fixture(scope="module")
def sampled() -> bm.Fit:
    """The same by NUTS."""
    return bm.fit(SOURCE)


def test_a_fit_with_subgroups_is_the_same_from_a_file(exact: bm.Fit, tmp_path: Path) -> None:
    again = bm.load(exact.save(tmp_path / "fit.nc"))
    pd.testing.assert_frame_equal(again.estimates, exact.estimates, check_exact=True)
    np.testing.assert_array_equal(again.ranks, exact.ranks)
    assert again.record["subgroup_test"] == exact.record["subgroup_test"]
    again = bm.load(exact.with_interval(prob=0.8, kind="hdi").save(tmp_path / "hdi.nc"))
    assert (again.estimates["upper"] <= exact.estimates["upper"] + 1e-9).mean() > 0.9


def test_ranks_are_doubly_stochastic_and_follow_the_direction(exact: bm.Fit) -> None:
    ranks = exact.ranks
    assert ranks is not None
    np.testing.assert_allclose(ranks.sum("rank"), 1)
    np.testing.assert_allclose(ranks.sum("subgroup"), 1)
    best = ranks.sel(rank=1)
    worst = bm.fit(SOURCE, engine="quadrature", better="higher", important=0.5).ranks
    assert worst is not None
    np.testing.assert_allclose(worst.sel(rank=4), best, atol=1e-12)


def test_draws_and_densities_rank_alike(exact: bm.Fit, sampled: bm.Fit) -> None:
    assert exact.ranks is not None
    assert sampled.ranks is not None
    np.testing.assert_allclose(exact.ranks, sampled.ranks, atol=BETWEEN_ENGINES)


def test_of_two_subgroups_the_rank_is_the_contrast() -> None:
    fit = bm.fit(
        SOURCE,
        engine="quadrature",
        where="outcome == 'pain' and primary == 'yes' and tissue_source in "
        "['adipose', 'bone marrow']",
    )
    better = fit.estimate("contrast", term="bone marrow − adipose")["prob_benefit"]
    assert fit.ranks is not None
    assert float(fit.ranks.sel(rank=1, subgroup="bone marrow")) == pytest.approx(
        better, abs=PRINTED
    )


def test_the_test_of_subgroups_pools_each_alone(exact: bm.Fit) -> None:
    effect, variance = exact.problem.effect, exact.problem.std_error**2
    pooled = []
    for rows in exact.problem.design.subgroups.rows:
        tau2 = dersimonian_laird(effect[rows], variance[rows])
        pooled.append(inverse_variance(effect[rows], variance[rows], tau2=tau2))
    y, w = (
        np.array([p.estimate for p in pooled]),
        np.array([p.std_error**-2.0 for p in pooled]),
    )
    q = float((w * (y - (w * y).sum() / w.sum()) ** 2).sum())
    assert exact.record["subgroup_test"]["q"] == pytest.approx(q, rel=1e-12)


def test_one_estimate_of_several_is_chosen_by_its_label(exact: bm.Fit) -> None:
    assert exact.estimate("mu", subgroup="adipose")["median"] == pytest.approx(-0.735, abs=1e-3)
    assert exact.estimate("mu_overall")["median"] == pytest.approx(-0.662, abs=1e-3)
    with pytest.raises(KeyError, match="mu"):
        exact.estimate("mu")


def test_differences_of_log_ratios_are_ratios_of_ratios() -> None:
    frame = pd.DataFrame(
        {
            "effect": [0.1, 0.3, 0.6, 0.8],
            "std_error": [0.1, 0.2, 0.1, 0.2],
            "drug": ["a", "a", "b", "b"],
        }
    )
    fit = bm.fit(
        frame, measure="OR", scale="analysis", engine="quadrature", subgroup="drug", better="lower"
    )
    row = fit.estimates[fit.estimates["name"] == "contrast"].iloc[0]
    assert row["display_median"] == pytest.approx(np.exp(row["median"]))
    assert row["prob_benefit"] < 0.5
    assert np.isnan(row["prob_important"])


def test_warnings_name_the_deviation_and_its_units(exact: bm.Fit) -> None:
    found = " ".join(prior_warnings(exact.problem, {"tau": (0.4, 0.7), "omega": (2.5, 3.0)}))
    assert "The subgroups differ more than the prior of omega" in found
    assert "With 4 subgroups the prior of omega matters" in found
    assert "the prior of tau" not in found


def test_a_walk_has_times() -> None:
    fit = bm.fit(ROOT / "models" / "oa-pain-over-time.toml", engine="quadrature")
    design = replace(fit.problem.design, means="random-walk", gaps=np.ones(2))
    priors = {**fit.problem.priors, "omega": parse_prior("HalfNormal(0.5)")}
    walk = replace(fit.problem, design=design, priors=priors)
    found = " ".join(prior_warnings(walk, {"omega": (2.5, 3.0)}))
    assert "The times differ more than the prior of omega" in found
    assert "With 3 times the prior of omega matters" in found


def test_moderators_are_not_in_the_test_of_subgroups() -> None:
    fit = bm.fit(SOURCE, engine="quadrature", moderators="year")
    assert fit.record["subgroup_test"] is None


def test_weights_are_by_the_own_tau_of_each_subgroup() -> None:
    fit = bm.fit(
        SOURCE,
        subgroup={"column": "tissue_source", "means": "independent", "tau": "separate"},
        chains=2,
        draws=200,
    )
    tau = fit.posterior["tau"].transpose("chain", "draw", "subgroup").to_numpy()
    variance = fit.problem.std_error**2 + tau[..., fit.problem.design.member] ** 2
    weights = 100 / variance / (1 / variance).sum(-1, keepdims=True)
    np.testing.assert_allclose(fit.weights.to_numpy(), weights.mean((0, 1)))
    pull = fit.problem.std_error**2 / variance
    np.testing.assert_allclose(fit.shrinkage.to_numpy(), pull.mean((0, 1)))


def test_a_control_arm_that_is_shared_counts_once() -> None:
    frame = pd.DataFrame(
        {
            "study": ["A low", "A high", "B"],
            "trial": ["A", "A", ""],
            "mean_treatment": [1.0, 2.0, 1.5],
            "sd_treatment": [2.0, 2.0, 2.0],
            "total_treatment": [20, 22, 30],
            "mean_control": [0.5, 0.5, 0.4],
            "sd_control": [2.0, 2.0, 2.0],
            "total_control": [21, 21, 31],
        }
    )
    shared = {"column": "trial", "method": "covariance"}
    fit = bm.fit(frame, measure="MD", engine="quadrature", shared_control=shared)
    assert fit.n_participants == 20 + 22 + 21 + 30 + 31
    assert not fit.has_weights
    assert fit.problem.covariance is not None
    assert fit.problem.covariance[0, 1] == pytest.approx(4 / 21)
    assert not any("independent" in text for text in fit.warnings)
    split = bm.fit(
        frame, measure="MD", engine="quadrature", shared_control={**shared, "method": "split"}
    )
    assert split.n_participants == fit.n_participants
    assert split.has_weights


def test_what_there_is_instead_of_an_estimate_is_named(exact: bm.Fit) -> None:
    with pytest.raises(KeyError, match="there are: adipose, bone marrow, placenta"):
        exact.estimate("mu", subgroup="adipos")


def test_a_prior_that_the_data_contradict_utterly_still_gives_a_tau() -> None:
    frame = pd.DataFrame(
        {
            "effect": [1e4, 3e4, 2e4, 5e4, 4e4, 9e4],
            "std_error": [0.1, 0.2, 0.15, 0.1, 0.2, 0.3],
            "drug": list("aabbcc"),
        }
    )
    fit = bm.fit(
        frame,
        measure="SMD",
        engine="quadrature",
        subgroup="drug",
        mu="Normal(0, 2)",
        tau="HalfNormal(0.5)",
    )
    row = fit.estimate("tau")
    assert np.isfinite(list(row.values())[:5]).all()
    assert row["lower"] < row["median"] < row["upper"]
    assert any("hold" in text and "tau" in text for text in fit.warnings)

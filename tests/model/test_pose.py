"""From a spec to priors: defaults of structured models, and combinations that there are not."""

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.errors import SpecError
from bayesmeta.model import Problem
from bayesmeta.priors import Prior

PRINTED = 1e-5
"""Relative: default priors are rounded to six digits."""

DOSE = np.array([1, 2, 4, 8, 16, 32.0])


def frame(**columns: object) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "study": list("ABCDEF"),
            "effect": np.linspace(-0.2, 0.5, 6),
            "std_error": np.linspace(0.1, 0.3, 6),
            "total": [20, 30, 40, 50, 30, 30],
            "dose": DOSE,
            "arm": ["q", "q", "p", "p", "q", "p"],
            "paper": ["P", "P", "Q", "Q", "R", "S"],
            **columns,
        }
    )


def counts(**columns: object) -> pd.DataFrame:
    return frame(
        events_treatment=[1, 2, 3, 4, 5, 6],
        total_treatment=20,
        events_control=[2, 3, 4, 5, 6, 7],
        total_control=20,
        **columns,
    ).drop(columns=["effect", "std_error", "total"])


def posed(data: pd.DataFrame | None = None, **options: object) -> Problem:
    return bm.check(frame() if data is None else data, **{"measure": "SMD", **options}).problem


def sigma(prior: Prior) -> float:
    return float(prior.arguments["sigma"])


# --- default priors


def test_other_standard_deviations_are_as_wide_as_tau() -> None:
    priors = posed(subgroup="arm").priors
    assert [prior.expression for prior in (priors["tau"], priors["omega"])] == [
        "HalfNormal(sigma=0.5)"
    ] * 2
    assert "means differ no more than studies" in priors["omega"].source
    nested = posed(cluster="paper", heterogeneity="nested").priors
    assert nested["tau_within"].expression == nested["tau"].expression
    mixture = posed(heterogeneity="mixture").priors
    assert sigma(mixture["tau_outlier"]) == 4 * sigma(mixture["tau"])
    assert mixture["p_outlier"].expression == "Beta(alpha=1, beta=9)"
    assert mixture["p_outlier"].ppf(0.95) == pytest.approx(0.283, abs=5e-4)  # what its text says


def test_they_follow_the_unit_information_where_tau_does() -> None:
    """Mean differences: an eighth of sqrt(mean participants x harmonic mean of std_error²)."""
    data = frame()
    unit = np.sqrt(data["total"].mean() / np.mean(data["std_error"] ** -2.0))
    priors = posed(measure="MD", subgroup="arm").priors
    for name in ("tau", "omega"):
        assert sigma(priors[name]) == pytest.approx(unit / 8, rel=PRINTED)
    assert sigma(priors["mu"]) == pytest.approx(unit, rel=PRINTED)


@pytest.mark.parametrize(
    ("formula", "scale", "changes"),
    [
        ("dose", False, [2 * DOSE.std(ddof=1)]),
        ("dose", True, [2]),
        ("log(dose)", False, [2 * np.log(DOSE).std(ddof=1)]),
        ("arm", False, [1]),
        ("dose * arm", False, [2 * DOSE.std(ddof=1), 1, 2 * DOSE.std(ddof=1)]),
    ],
)
def test_a_change_of_two_sds_has_the_prior_of_mu(
    formula: str, scale: bool, changes: list[float]
) -> None:
    """Or of category (Gelman 2008, Stat Med 27:2865)."""
    problem = posed(moderators={"formula": formula, "scale": scale})
    for term, change in zip(problem.design.terms, changes, strict=True):
        prior = problem.priors[f"beta[{term}]"]
        assert sigma(prior) * change == pytest.approx(sigma(problem.priors["mu"]), rel=PRINTED)
        assert prior.source.startswith("default: ")


def test_a_scaled_coefficient_has_the_same_prior_in_other_units() -> None:
    plain, scaled = (
        posed(moderators={"formula": "dose", "scale": scale}).priors["beta[dose]"]
        for scale in (False, True)
    )
    assert sigma(plain) * DOSE.std(ddof=1) == pytest.approx(sigma(scaled), rel=PRINTED)


def test_priors_of_beta_are_for_all_or_by_term() -> None:
    both = posed(moderators="dose + arm", beta="Normal(0, 3)").priors
    assert {both[f"beta[{t}]"].expression for t in ("dose", "arm[q]")} == {"Normal(mu=0, sigma=3)"}
    one = posed(moderators="dose + arm", beta={"arm[q]": "Normal(1, 2)"}).priors
    assert one["beta[arm[q]]"].expression == "Normal(mu=1, sigma=2)"
    assert one["beta[dose]"].source.startswith("default")


def test_nu_is_a_number_or_has_a_prior() -> None:
    assert posed(heterogeneity="student-t").nu == 4
    assert "nu" not in posed(heterogeneity="student-t", nu=7).priors
    problem = posed(heterogeneity="student-t", prior_nu="Gamma(2, 0.1)")
    assert problem.nu is None
    assert problem.priors["nu"].family.name == "Gamma"


# --- what there is not

REFUSED = {
    "unknown term": (
        {"moderators": "dose", "beta": {"dosis": "Normal(0, 1)"}},
        "priors.beta",
        "the model has no term 'dosis'",
        "Did you mean 'dose'?",
    ),
    "no moderators": (
        {"beta": {"dose": "Normal(0, 1)"}},
        "priors.beta",
        "the model has no term 'dose'",
        "It has no moderators.",
    ),
    "separate, common": (
        {"subgroup": {"column": "arm", "tau": "separate"}, "heterogeneity": "common"},
        "model.subgroup.tau",
        "no separate tau with common heterogeneity",
        'tau = "shared"',
    ),
    "separate, nested": (
        {"subgroup": {"column": "arm", "tau": "separate"}, "heterogeneity": "nested"},
        "model.subgroup.tau",
        "no separate tau with nested heterogeneity",
        'heterogeneity = "normal"',
    ),
    "separate, rho": (
        {
            "subgroup": {"column": "arm", "tau": "separate"},
            "cluster": "paper",
            "fixed_rho": 0.5,
        },
        "model.subgroup.tau",
        "do not go with a tau for each subgroup",
        'tau = "shared"',
    ),
    "rho, student-t": (
        {"cluster": "paper", "fixed_rho": 0.5, "heterogeneity": "student-t"},
        "model.heterogeneity",
        "correlated sampling errors do not go with student-t heterogeneity",
        'heterogeneity = "nested"',
    ),
    "rho with a prior, mixture": (
        {"cluster": "paper", "rho": "Beta(2, 2)", "heterogeneity": "mixture"},
        "model.heterogeneity",
        "correlated sampling errors do not go with mixture heterogeneity",
        'heterogeneity = "nested"',
    ),
    "improper omega": (
        {"subgroup": "arm", "omega": "HalfFlat()"},
        "priors.omega",
        "HalfFlat() on omega is improper",
        "Take a proper prior",
    ),
    "improper tau, exchangeable": (
        {"subgroup": "arm", "tau": "HalfFlat()"},
        "priors.tau",
        "HalfFlat() on tau is improper",
        "Take a proper prior",
    ),
    "improper tau, separate": (
        {
            "subgroup": {"column": "arm", "tau": "separate", "means": "independent"},
            "tau": "Jeffreys()",
        },
        "priors.tau",
        "is improper",
        "Take a proper prior",
    ),
    "improper tau, nested": (
        {"cluster": "paper", "heterogeneity": "nested", "tau": "UniformSqrt()"},
        "priors.tau",
        "is improper",
        "Take a proper prior",
    ),
    "improper tau_within": (
        {"cluster": "paper", "heterogeneity": "nested", "tau_within": "HalfFlat()"},
        "priors.tau_within",
        "is improper",
        "Take a proper prior",
    ),
    "too many flat coefficients": (
        {"moderators": "dose + arm", "mu": "Flat()", "beta": "Flat()", "tau": "HalfFlat()"}
        | {"where": "study in ['A', 'B', 'C', 'D']"},
        "priors.tau",
        "the posterior does not exist",
        "at least 5 studies",
    ),
    "omega below 0": (
        {"subgroup": "arm", "omega": "Normal(0, 1)"},
        "priors.omega",
        "omega is a standard deviation and cannot be below 0",
        "Did you mean 'HalfNormal'?",
    ),
    "rho above 1": (
        {"cluster": "paper", "rho": "HalfNormal(1)"},
        "priors.rho",
        "rho is a correlation from 0 to 1",
        "Uniform(0, 1)",
    ),
    "p_outlier above 1": (
        {"heterogeneity": "mixture", "p_outlier": "HalfNormal(1)"},
        "priors.p_outlier",
        "p_outlier is a share from 0 to 1",
        "Beta(1, 9)",
    ),
    "nu below 0": (
        {"heterogeneity": "student-t", "prior_nu": "Normal(5, 1)"},
        "priors.nu",
        "nu is a number of degrees of freedom",
        "Gamma(2, 0.1)",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str) -> None:
    options, key, message, hint = REFUSED[name]
    with pytest.raises(SpecError) as caught:
        posed(**options)
    assert message in caught.value.message
    assert caught.value.key == key
    assert hint in (caught.value.hint or "")


OF_COUNTS = {
    "rho": ({"cluster": "paper", "fixed_rho": 0.5}, "model.rho", "counts of several rows"),
    "cluster": ({"cluster": "paper"}, "model.cluster", "counts of several rows"),
    "nested": (
        {"cluster": "paper", "heterogeneity": "nested"},
        "model.heterogeneity",
        "nested heterogeneity goes with the likelihood normal, not binomial",
    ),
    "improper": ({"subgroup": "arm", "omega": "HalfFlat()"}, "priors.omega", "is improper"),
    "flat mu": ({"subgroup": "arm", "mu": "Flat()"}, "priors.mu", "of counts with empty cells"),
}


@pytest.mark.parametrize("name", OF_COUNTS)
def test_what_is_refused_of_counts(name: str) -> None:
    options, key, message = OF_COUNTS[name]
    with pytest.raises(SpecError) as caught:
        posed(counts(), measure="OR", likelihood="binomial", **options)
    assert message in caught.value.message
    assert caught.value.key == key
    assert caught.value.hint


@pytest.mark.parametrize("given", [{"fixed_rho": 0.5}, {"rho": "Beta(2, 2)"}])
def test_a_shared_control_and_rho_say_the_same_twice(given: dict) -> None:
    data = frame(
        **{
            f"{what}_{arm}": 1.0 + i
            for i, what in enumerate(("mean", "sd"))
            for arm in ("treatment", "control")
        },
        total_treatment=20,
        total_control=20,
        trial=["T", "T", "B", "C", "D", "E"],
    ).drop(columns=["effect", "std_error", "total"])
    options = {"measure": "MD", "shared_control": {"column": "trial"}, "cluster": "paper", **given}
    with pytest.raises(SpecError) as caught:
        posed(data, **options)
    assert "a shared control arm says how sampling errors are correlated" in caught.value.message
    assert caught.value.key == "model.rho"


def test_improper_tau_is_fine_with_enough_studies_and_one_standard_deviation() -> None:
    posed(moderators="dose", tau="HalfFlat()", beta="Flat()", mu="Flat()")
    posed(subgroup={"column": "arm", "means": "independent"}, tau="HalfFlat()")

"""What follows from draws: true effects, log densities, outliers; against closed forms."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import binom, multivariate_normal, norm
from scipy.stats import t as student

from bayesmeta.engines.quadrature import densities, fit_quadrature, solve
from bayesmeta.model import (
    HETEROGENEITIES,
    Design,
    Groups,
    Problem,
    Readout,
    complete_posterior,
    predictive_groups,
    study_means,
)
from bayesmeta.model.correlated import draw_correlated, log_density_of_units, units_of
from bayesmeta.priors import parse_prior
from bayesmeta.spec import Engine
from tests.engines.counts import problem as problem_of_counts
from tests.engines.structures import problem_of_case

CLOSED_FORM = 1e-10
"""Relative: the same formula by other algebra."""

MONTE_CARLO = 5.0
"""Standard errors of independent draws: beyond by chance in 6 of 10 million comparisons."""

SUMMED = 1e-8
"""Relative: a t distribution as a sum of normal ones, whose smallest shares are 1e-10 or less."""

DENSE = 1e-7
"""Relative: logarithms of likelihoods of counts that were integrated to 1e-9."""

EFFECT = np.array([0.1, 0.5, -0.3, 0.8, 0.2, 0.4])
ERROR = np.array([0.1, 0.2, 0.3, 0.15, 0.25, 0.2])
CLUSTERS = Groups.of(["P", "P", "Q", "Q", "Q", "R"])


def problem(heterogeneity: str = "normal", **changed: object) -> Problem:
    priors = {"mu": "Normal(0, 1)", "tau": "HalfNormal(0.5)"}
    if heterogeneity == "mixture":
        priors |= {"p_outlier": "Beta(1, 9)", "tau_outlier": "HalfNormal(2)"}
    return Problem(
        study=tuple("abcdef"),
        effect=EFFECT,
        std_error=ERROR,
        likelihood="normal",
        heterogeneity=heterogeneity,
        **{"priors": {name: parse_prior(text) for name, text in priors.items()}} | changed,
    )


def draws_of(count: int = 3, **values: tuple[tuple[str, ...], np.ndarray]) -> xr.Dataset:
    """Draws of two chains of what varies between 0.2 and 0.9, by name and dimensions."""
    rng = np.random.default_rng(5)
    found = {}
    for name, (dims, sizes) in values.items():
        shape = (2, count, *sizes)
        found[name] = (("chain", "draw", *dims), rng.uniform(0.2, 0.9, shape))
    return xr.Dataset(found, coords={"chain": [0, 1], "draw": np.arange(count)})


NONE: tuple = ((), ())


# --- correlated rows


@pytest.mark.parametrize("name", ["covariance_berkey", "nested_konstantopoulos"])
def test_effects_drawn_given_parameters_have_the_exact_mean_and_sd(name: str) -> None:
    """The parameters are independent draws of quadrature, and so the effects are, too."""
    asked = problem_of_case(name)
    exact = densities(solve(asked), asked).theta
    assert exact is not None
    tree = fit_quadrature(asked, Engine(chains=4, draws=500, seed=3))
    theta = tree["posterior"]["theta"].transpose("chain", "draw", "study").to_numpy()
    drawn = theta.reshape(-1, len(asked.study))
    mean, sd = exact.mean()[0], exact.sd()[0]
    assert (np.abs(drawn.mean(0) - mean) < MONTE_CARLO * sd / np.sqrt(len(drawn))).all()
    kurtosis = ((drawn - mean) ** 4).mean(0) / sd**4
    error = sd * np.sqrt((kurtosis - 1) / len(drawn)) / 2
    assert (np.abs(drawn.std(0) - sd) < MONTE_CARLO * error).all()
    levels = np.array([0.025, 0.975])
    below = (drawn[:, :, None] < exact.ppf(levels)[0]).mean(0)
    assert (np.abs(below - levels) < MONTE_CARLO * np.sqrt(0.025 * 0.975 / len(drawn))).all()


def test_effects_are_drawn_jointly() -> None:
    """Mean and covariance of the effects given one value of the parameters, in closed form."""
    rho, tau, mu, count = 0.7, 0.4, 0.3, 60_000
    asked = problem(clusters=CLUSTERS, rho=rho)
    draws = xr.Dataset(
        {
            name: (("chain", "draw"), np.full((2, count), v))
            for name, v in (("mu", mu), ("tau", tau))
        }
    )
    theta = draw_correlated(asked, draws, np.random.default_rng(2)).reshape(-1, 6)
    same = CLUSTERS.member[:, None] == CLUSTERS.member
    sampling = np.outer(ERROR, ERROR) * np.where(np.eye(6) > 0, 1, rho * same)
    gain = tau**2 * np.linalg.inv(sampling + tau**2 * np.eye(6))
    mean = mu + gain @ (EFFECT - mu)
    covariance = tau**2 * (np.eye(6) - gain)
    sd = np.sqrt(np.diag(covariance))
    assert (np.abs(theta.mean(0) - mean) < MONTE_CARLO * sd / np.sqrt(len(theta))).all()
    error = MONTE_CARLO * np.outer(sd, sd) * np.sqrt(2 / len(theta))
    assert (np.abs(np.cov(theta.T) - covariance) < error).all()


@pytest.mark.parametrize("kind", ["rho", "rho with a prior", "nested", "covariance", "moderators"])
def test_log_density_of_units_is_multivariate_normal(kind: str) -> None:
    changed: dict = {"clusters": CLUSTERS}
    values = {"mu": NONE, "tau": NONE}
    heterogeneity = "normal"
    if kind == "rho":
        changed["rho"] = 0.6
    elif kind == "rho with a prior":
        priors = ("mu", "Normal(0, 1)"), ("tau", "HalfNormal(1)"), ("rho", "Uniform(0, 1)")
        changed["priors"] = {name: parse_prior(text) for name, text in priors}
        values["rho"] = NONE
    elif kind == "nested":
        heterogeneity = "nested"
        changed["rho"] = 0.3
        values["tau_within"] = NONE
    elif kind == "covariance":
        root = np.tril(np.full((6, 6), 0.05)) + np.diag(ERROR)
        block = CLUSTERS.member[:, None] == CLUSTERS.member
        changed = {"covariance": np.where(block, root @ root.T, 0.0)}
    else:
        changed["rho"] = 0.6
        changed["design"] = Design(
            matrix=np.linspace(-1, 1, 12).reshape(6, 2) ** 2,
            terms=("x", "y"),
            steps=np.full(2, np.nan),
            subgroups=Groups.of(list("uvuvvu")),
        )
        values |= {"mu": (("subgroup",), (2,)), "beta": (("term",), (2,))}
    asked, draws = problem(heterogeneity, **changed), draws_of(**values)
    found = log_density_of_units(asked, draws)
    units = units_of(asked)
    assert found.shape == (2, 3, len(units.names))
    mean = study_means(asked, draws)
    for chain, draw in np.ndindex(2, 3):
        point = {name: float(draws[name][chain, draw]) for name in draws if draws[name].ndim == 2}
        same = CLUSTERS.member[:, None] == CLUSTERS.member
        rho = point.get("rho", asked.rho or 0.0)
        covariance = np.outer(ERROR, ERROR) * np.where(np.eye(6) > 0, 1, rho * same)
        if asked.covariance is not None:
            covariance = asked.covariance
        if kind == "nested":
            whole = point["tau"] ** 2 * same + point["tau_within"] ** 2 * np.eye(6)
        else:
            whole = point["tau"] ** 2 * np.eye(6)
        right = [
            multivariate_normal(
                mean[chain, draw, rows], (covariance + whole)[np.ix_(rows, rows)]
            ).logpdf(EFFECT[rows])
            for rows in units.rows
        ]
        assert_allclose(found[chain, draw], right, rtol=CLOSED_FORM)


def test_the_units_of_a_fit_are_its_studies() -> None:
    asked = problem(clusters=CLUSTERS, rho=0.6)
    tree = fit_quadrature(asked, Engine(chains=2, draws=100))
    log = tree["log_likelihood"]["effect"]
    assert log.dims == ("chain", "draw", "unit")
    assert log["unit"].to_numpy().tolist() == ["P", "Q", "R"]


# --- outliers


def test_a_t_distribution_is_a_sum_of_normal_ones() -> None:
    for nu in (1.0, 1.5, 4.0, 30.0, 300.0, 1000.0):
        asked = problem("student-t", nu=nu)
        components = HETEROGENEITIES["student-t"].components(asked, {"tau": 0.4})
        x = np.linspace(-3, 3, 25)
        found = sum(share * norm.pdf(x, scale=np.sqrt(variance)) for share, variance in components)
        assert_allclose(found, student.pdf(x, nu, scale=0.4), rtol=SUMMED)


def test_the_log_likelihood_of_a_t_distribution_has_the_effects_integrated_out() -> None:
    asked = problem("student-t", nu=3.0)
    draws = draws_of(mu=NONE, tau=NONE)
    log = predictive_log(asked, draws, theta=True)
    for chain, draw in np.ndindex(2, 3):
        mu, tau = (float(draws[name][chain, draw]) for name in ("mu", "tau"))
        for study in range(6):
            right, _ = quad(
                lambda theta, i=study, m=mu, s=tau: (
                    norm.pdf(EFFECT[i], theta, ERROR[i]) * student.pdf(theta, 3.0, m, s)
                ),
                -30,
                30,
                points=[mu, EFFECT[study]],
                epsabs=0,
                epsrel=1e-10,
                limit=500,
            )
            assert_allclose(log[chain, draw, study], np.log(right), rtol=0, atol=1e-8)


def predictive_log(asked: Problem, draws: xr.Dataset, *, theta: bool = False) -> np.ndarray:
    if theta:  # which is sampled where it has no closed form
        values = np.zeros((*draws["tau"].shape, len(asked.study)))
        draws = draws.assign(theta=(("chain", "draw", "study"), values))
    complete = complete_posterior(asked, draws, np.random.default_rng(1))
    groups = predictive_groups(asked, complete, np.random.default_rng(1))
    (log,) = groups["log_likelihood"].data_vars.values()
    return log.to_numpy()


def test_responsibilities_are_those_of_the_components() -> None:
    """Averaged over effects drawn given the parameters they are those of the estimates."""
    asked = problem("mixture")
    count = 40_000
    values = {"mu": 0.2, "tau": 0.2, "p_outlier": 0.15, "tau_outlier": 0.9}
    draws = xr.Dataset(
        {name: (("chain", "draw"), np.full((2, count), v)) for name, v in values.items()},
        coords={"chain": [0, 1], "draw": np.arange(count)},
    )
    complete = complete_posterior(asked, draws, np.random.default_rng(1))
    usual = norm.pdf(EFFECT, 0.2, np.sqrt(ERROR**2 + 0.2**2)) * 0.85
    outlying = norm.pdf(EFFECT, 0.2, np.sqrt(ERROR**2 + 0.2**2 + 0.9**2)) * 0.15
    right = outlying / (usual + outlying)
    drawn = complete["outlier"].transpose("chain", "draw", "study").to_numpy().reshape(-1, 6)
    error = drawn.std(0) / np.sqrt(len(drawn))
    assert (np.abs(drawn.mean(0) - right) < MONTE_CARLO * error).all()
    groups = predictive_groups(asked, complete.isel(draw=slice(2)), np.random.default_rng(1))
    log = groups["log_likelihood"]["effect"].to_numpy()
    assert_allclose(log, np.broadcast_to(np.log(usual + outlying), (2, 2, 6)), rtol=CLOSED_FORM)


def test_a_probability_of_being_an_outlier_is_that_given_the_true_effect() -> None:
    asked = problem("mixture")
    values = {"mu": NONE, "tau": NONE, "p_outlier": NONE, "tau_outlier": NONE}
    draws = draws_of(**values)
    complete = complete_posterior(asked, draws, np.random.default_rng(1))
    one = complete.transpose("chain", "draw", ...).isel(chain=1, draw=2)
    apart = one["theta"].to_numpy() - float(one["mu"])
    variance = float(one["tau"]) ** 2
    usual = norm.pdf(apart, scale=np.sqrt(variance)) * (1 - float(one["p_outlier"]))
    wide = np.sqrt(variance + float(one["tau_outlier"]) ** 2)
    outlying = norm.pdf(apart, scale=wide) * float(one["p_outlier"])
    assert_allclose(one["outlier"], outlying / (usual + outlying), rtol=CLOSED_FORM)


# --- counts in subgroups

COUNTS = {
    "events_treatment": [3, 0, 7, 5],
    "total_treatment": [20, 15, 18, 30],
    "events_control": [5, 2, 4, 9],
    "total_control": [21, 14, 19, 31],
}


def of_counts(data: dict, priors: dict, **changed: object) -> Problem:
    design = Design(
        matrix=np.array([[0.0], [1.0], [0.0], [1.0]]),
        terms=("x",),
        steps=np.full(1, np.nan),
        subgroups=Groups.of(list("uvvu")),
    )
    whole = {"mu": "Normal(0, 2)", "beta[x]": "Normal(0, 1)", "tau": "HalfNormal(1)", **priors}
    return problem_of_counts(data, whole, design=design, **changed)


def subgroup_draws() -> xr.Dataset:
    values = {"mu": (("subgroup",), (2,)), "beta": (("term",), (1,)), "tau": NONE}
    draws = draws_of(2, **values)
    return draws.assign_coords(subgroup=["u", "v"], term=["x"])


def test_log_likelihood_of_two_arms_in_subgroups() -> None:
    """Baselines and effects integrated out, against a dense sum over both.

    Equal steps from one tail to the other: for analytic functions the error is none in doubles.
    """
    asked, draws = of_counts(COUNTS, {"alpha": "Normal(0, 3)"}), subgroup_draws()
    log = predictive_log(asked, draws, theta=True)
    means = study_means(asked, draws)
    alpha, step = np.linspace(-30, 30, 2001, retstep=True)
    for chain, draw, study in np.ndindex(2, 2, 4):
        at, tau = means[chain, draw, study], float(draws["tau"][chain, draw])
        theta, width = np.linspace(at - 9 * tau, at + 9 * tau, 201, retstep=True)
        density = norm.pdf(alpha, 0, 3) * norm.pdf(theta, at, tau)[:, None]
        for arm, share in (("treatment", 0.5), ("control", -0.5)):
            events, total = (COUNTS[f"{what}_{arm}"][study] for what in ("events", "total"))
            density *= binom.pmf(events, total, expit(alpha + share * theta[:, None]))
        right = density.sum() * step * width
        assert_allclose(log[chain, draw, study], np.log(right), rtol=DENSE)


def test_log_likelihood_of_one_arm_in_subgroups() -> None:
    data = {"events": [0, 3, 7, 12], "total": [9, 14, 18, 12]}
    asked, draws = of_counts(data, {}), subgroup_draws()
    log = predictive_log(asked, draws, theta=True)
    means = study_means(asked, draws)
    for chain, draw, study in np.ndindex(2, 2, 4):
        at, tau = means[chain, draw, study], float(draws["tau"][chain, draw])
        right, _ = quad(
            lambda theta, i=study, m=at, s=tau: (
                norm.pdf(theta, m, s) * binom.pmf(data["events"][i], data["total"][i], expit(theta))
            ),
            at - 12 * tau,
            at + 12 * tau,
            epsabs=0,
            epsrel=1e-10,
        )
        assert_allclose(log[chain, draw, study], np.log(right), rtol=DENSE)


# --- what is read off the coefficients


def test_readouts_of_draws() -> None:
    design = Design(
        matrix=np.arange(12.0).reshape(6, 2),
        terms=("x", "y"),
        steps=np.array([2.0, np.nan]),
        subgroups=Groups.of(list("uvwuvw")),
        means="exchangeable",
        points=Readout(
            names=("here",),
            of_mu=np.array([[0.0, 1, 0]]),
            of_beta=np.array([[3.0, 4]]),
            member=np.array([1]),
        ),
    )
    asked = problem(design=design)
    values = {"mu": (("subgroup",), (3,)), "beta": (("term",), (2,)), "tau": NONE}
    draws = draws_of(20_000, **values, omega=NONE, mu_overall=NONE)
    draws = draws.assign_coords(subgroup=list("uvw"), term=["x", "y"])
    found = complete_posterior(asked, draws, np.random.default_rng(1))
    mu, beta = draws["mu"].to_numpy(), draws["beta"].to_numpy()
    contrast = found["contrast"].transpose("chain", "draw", "pair")
    assert found["pair"].to_numpy().tolist() == ["v − u", "w − u", "w − v"]
    apart = np.stack([mu[..., b] - mu[..., a] for a, b in ((0, 1), (0, 2), (1, 2))], -1)
    assert_allclose(contrast, apart, atol=1e-14)
    assert_allclose(found["beta_rescaled"].sel(number="x"), 2 * beta[..., 0])
    at = mu[..., 1] + 3 * beta[..., 0] + 4 * beta[..., 1]
    assert_allclose(found["mu_at"].sel(point="here"), at)
    z = {
        "theta_new_at": (found["theta_new_at"].sel(point="here") - at) / draws["tau"],
        "theta_new": ((found["theta_new"] - draws["mu"]) / draws["tau"]).sel(subgroup="w"),
        "mu_new": (found["mu_new"] - draws["mu_overall"]) / draws["omega"],
        "theta_new_overall": (found["theta_new_overall"] - found["mu_new"]) / draws["tau"],
    }
    for name, values in z.items():
        standard = values.to_numpy()
        assert abs(standard.mean()) < MONTE_CARLO / np.sqrt(standard.size), name
        assert abs(standard.var() - 1) < MONTE_CARLO * np.sqrt(2 / standard.size), name
    mean = beta @ design.matrix.T
    share = mean.var(-1, ddof=1) / (mean.var(-1, ddof=1) + draws["tau"].to_numpy() ** 2)
    assert_allclose(found["R2"].transpose("chain", "draw"), share)


def test_the_prior_of_subgroup_means_and_of_a_walk() -> None:
    """Sds of 4,000 draws of the means, in closed form."""
    gaps = np.array([0.5, 1.5])
    for means, variances in (
        ("independent", [4, 4, 4]),
        ("exchangeable", [4 + 0.25] * 3),
        ("random-walk", [4, 4 + 0.5 * 0.25, 4 + 2 * 0.25]),
    ):
        design = Design(
            matrix=np.zeros((6, 0)),
            subgroups=Groups.of(list("uvwuvw")),
            means=means,
            gaps=gaps if means == "random-walk" else np.zeros(0),
        )
        priors = {"mu": "Normal(0, 2)", "tau": "HalfNormal(0.5)", "omega": "HalfNormal(0.5)"}
        if means == "independent":
            priors.pop("omega")
        asked = problem(
            design=design, priors={name: parse_prior(text) for name, text in priors.items()}
        )
        tree = fit_quadrature(asked, Engine(chains=2, draws=100))
        prior = tree["prior"]["mu"].transpose("chain", "draw", "subgroup").to_numpy()
        found = prior.reshape(-1, 3).var(0)
        error = MONTE_CARLO * np.array(variances) * np.sqrt(2.5 / prior[..., 0].size)
        assert (np.abs(found - variances) < error).all(), means

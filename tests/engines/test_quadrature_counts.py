"""Quadrature of counts, against 30-digit integrals, JAGS, brms and the normal engine."""

from dataclasses import replace

import numpy as np
import pytest

from bayesmeta.densities import NormalMixture
from bayesmeta.engines.quadrature import integrate, refusal, solve, solve_many
from bayesmeta.engines.quadrature.tabulated import TabulatedPosterior, kind_of, solve_alike
from bayesmeta.model import Problem
from bayesmeta.priors import parse_prior
from tests.engines.counts import dataset, problem, reference

EXACT = 1e-8
"""In posterior standard deviations, against integrals of at least 18 digits: the engine aims at
changes below 1e-9 and says what it reached."""

OF_DISTRIBUTION = 1e-6
"""Of probabilities: the distribution function is integrated between nodes, to about the root of the
error of sums over the nodes."""

HEAVY = 1e-5
"""Of the sd of theta_new under a half-Cauchy prior, most of which lies far out in its tail."""

EXACT_OF_THETA = 1e-7
"""Of true effects, whose densities are summed once more."""

MONTE_CARLO = 4.0
"""Standard errors of JAGS or Stan; of 400 numbers none is beyond in 97 of 100 runs."""

GRID = 2e-3
"""In posterior standard deviations: the error of the other quadrature, which cuts off the flat
likelihood of studies with an empty cell (see `accuracy` in binomial.json)."""

NEAR = 0.15
"""Of a standard error: where counts are small a posterior under wide priors and a maximum of the
likelihood are not the same; they differ most for Crins, six studies with a zero cell."""

GLMM = ("UM.FS", "EE")

CASES = {case["name"]: case for case in reference("binomial_exact.json")["cases"]}
RUNS = reference("binomial_mcmc.json")["runs"]
COLLECTED = reference("binomial.json")


def of_case(case: dict) -> Problem:
    priors = {name: case[name] for name in ("mu", "tau", "alpha") if case.get(name)}
    return problem(case, priors, likelihood=case["family"], contrast=case["coding"])


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_an_integral_of_many_digits(name: str) -> None:
    case = CASES[name]
    found, right = solve(of_case(case)), case["estimates"]
    assert isinstance(found, TabulatedPosterior)
    assert found.tau is not None
    assert found.error[0] <= EXACT
    assert found.log_evidence[0] == pytest.approx(case["log_evidence"], abs=EXACT)
    for key in ("mu", "theta_new"):
        density, truth = getattr(found, key), right[key]
        assert density.mean().item() == pytest.approx(truth["mean"], abs=EXACT * truth["sd"])
        heavy = key == "theta_new" and "Cauchy" in case["tau"]
        assert density.sd().item() == pytest.approx(truth["sd"], rel=HEAVY if heavy else EXACT)
        below = density.cdf(np.array([0.0])).item()
        assert below == pytest.approx(truth["below_zero"], abs=OF_DISTRIBUTION)
    tau = right["tau"]
    assert found.tau.mean().item() == pytest.approx(tau["mean"], abs=EXACT * tau["sd"])
    assert found.tau.sd().item() == pytest.approx(tau["sd"], rel=EXACT)
    assert found.tau.cdf(np.array([[0.3]])).item() == pytest.approx(tau["below_0.3"], abs=EXACT)
    theta, sd = right["theta"], np.array(right["theta"]["sd"])
    assert abs((found.theta.mean()[0] - theta["mean"]) / sd).max() < EXACT_OF_THETA
    assert abs(found.theta.sd()[0] / sd - 1).max() < EXACT_OF_THETA


def of_run(run: dict) -> Problem:
    family = "poisson" if "poisson" in run["about"].casefold() else "binomial"
    return problem(dataset(run["data"]), run["priors"], likelihood=family)


QUADRATURE_DOES = [
    *("crins", "bcg", "collins", "nissen", "one_pritz", "one_debruin", "poisson_two"),
]


@pytest.mark.parametrize("name", QUADRATURE_DOES)
def test_agrees_with_jags(name: str) -> None:
    run = RUNS[name]
    found = solve(of_run(run))
    ends = np.array([0.025, 0.5, 0.975])
    for key, told in run["posterior"].items():
        density = getattr(found, key)
        numbers = [density.mean().item(), density.sd().item(), *density.ppf(ends).ravel()]
        for statistic, number in zip(
            ("mean", "sd", "lower", "median", "upper"), numbers, strict=True
        ):
            error = told["mcse"][statistic]
            apart = abs(number - told["estimate"][statistic]) / error
            assert apart < MONTE_CARLO, (key, statistic)
    theta = run["theta"]
    for statistic in ("mean", "sd"):
        apart = getattr(found.theta, statistic)()[0] - theta[statistic]
        assert (abs(apart) / theta[f"mcse_{statistic}"]).max() < MONTE_CARLO


@pytest.mark.parametrize("fit", COLLECTED["brms"] + COLLECTED["jags"], ids=lambda fit: fit["data"])
def test_agrees_with_brms_and_jags(fit: dict) -> None:
    priors = {name: fit[name] for name in ("mu", "tau", "alpha")}
    found = solve(problem(dataset(fit["data"]), priors, contrast=fit["coding"]))
    for key in ("mu", "tau"):
        told, density = fit["posterior"][key], getattr(found, key)
        error = told["sd"] / np.sqrt(told["ess"])
        assert abs(density.mean().item() - told["mean"]) < MONTE_CARLO * error


@pytest.mark.parametrize(
    "fit", COLLECTED["exact"], ids=lambda fit: f"{fit['data']}-{fit['coding']}-{fit['tau']}"
)
def test_agrees_with_another_quadrature(fit: dict) -> None:
    priors = {name: fit[name] for name in ("mu", "tau", "alpha")}
    found = solve(problem(dataset(fit["data"]), priors, contrast=fit["coding"]))
    for key in ("mu", "tau"):
        told, density = fit["posterior"][key], getattr(found, key)
        assert density.mean().item() == pytest.approx(told["mean"], abs=GRID * told["sd"])
        assert density.sd().item() == pytest.approx(told["sd"], rel=GRID)


def normal_problem(tau: str | None, mu: str = "Normal(0, 1)") -> Problem:
    effect = np.array([0.1, 0.9, -0.4, 1.6, 0.3])
    priors = {"mu": mu} | ({"tau": tau} if tau else {})
    return Problem(
        study=tuple("ABCDE"),
        effect=effect,
        std_error=np.array([0.1, 0.5, 0.3, 0.4, 0.8]),
        likelihood="normal",
        heterogeneity="normal" if tau else "common",
        priors={name: parse_prior(text) for name, text in priors.items()},
    )


@pytest.mark.parametrize(
    ("tau", "mu"),
    [
        ("HalfNormal(0.5)", "Normal(0, 1)"),
        ("HalfCauchy(0.3)", "Normal(0.5, 4)"),
        ("Uniform(0, 2)", "StudentT(4, 0, 1)"),
        ("Uniform(0.2, 0.9)", "Logistic(0, 1)"),
        ("LogNormal(-1, 0.5)", "Cauchy(0, 1)"),
        (None, "Normal(0, 1)"),
    ],
)
def test_a_tabulated_normal_likelihood_gives_what_the_closed_form_gives(
    tau: str | None, mu: str
) -> None:
    asked = normal_problem(tau, mu)
    found = solve_alike([asked])
    right = integrate(
        asked.effect, asked.std_error, mu=asked.priors["mu"], tau=asked.priors.get("tau")
    )
    ends = np.array([0.01, 0.025, 0.5, 0.975, 0.99])
    assert found.log_evidence[0] == pytest.approx(right.log_evidence[0], abs=EXACT)
    names = ["mu"] if tau is None else ["mu", "theta_new", "theta"]
    for name in names:
        one, other = getattr(found, name), getattr(right, name)
        sd = (other.ppf(np.array([0.84])) - other.ppf(np.array([0.16])))[..., 0] / 2
        assert abs((one.ppf(ends) - other.ppf(ends)) / sd[..., None]).max() < EXACT_OF_THETA
    if found.tau is not None:
        assert abs(found.tau.ppf(ends) - right.tau.ppf(ends)).max() < EXACT_OF_THETA
        at = np.array([[right.tau.panels.lower.min(), 0.5]])
        assert found.tau.pdf(at) == pytest.approx(right.tau.pdf(at), rel=EXACT_OF_THETA)


def test_many_priors_and_subsets_share_a_grid() -> None:
    base = of_run(RUNS["crins"])
    taus = ["HalfNormal(0.25)", "HalfCauchy(1)", "Exponential(2)"]
    mus = ["Normal(0, 1)", "StudentT(4, 0, 2)"]
    asked = [
        replace(base, priors={**base.priors, "mu": parse_prior(mu), "tau": parse_prior(tau)})
        for mu in mus
        for tau in taus
    ]
    asked += [base.subset([i for i in range(6) if i != left]) for left in range(6)]
    asked.append(replace(base, priors={**base.priors, "tau": parse_prior("Uniform(0, 1)")}))
    found = {}
    for places, posterior in solve_many(asked):
        for row, place in enumerate(places):
            found[place] = [
                posterior.log_evidence[row],
                posterior.mu.mean()[row, 0],
                posterior.mu.sd()[row, 0],
                posterior.tau.ppf(np.array([0.9]))[row, 0],
                posterior.theta_new.ppf(np.array([0.9]))[row, 0, 0],
            ]
    for place, each in enumerate(asked):
        alone = solve(each)
        right = [
            alone.log_evidence[0],
            alone.mu.mean().item(),
            alone.mu.sd().item(),
            alone.tau.ppf(np.array([0.9])).item(),
            alone.theta_new.ppf(np.array([0.9])).item(),
        ]
        assert found[place] == pytest.approx(right, abs=OF_DISTRIBUTION)
    assert len({kind_of(each) for each in asked}) == 2  # priors that end elsewhere have their own


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"likelihood": "beta-binomial"}, "likelihood 'beta-binomial'"),
        ({"heterogeneity": "student-t"}, "heterogeneity 'student-t'"),
        ({"baseline": "exchangeable"}, "exchangeable baselines"),
        ({"mu": "Uniform(-3, 3)"}, r"nowhere 0, not Uniform"),
        (
            {"tau": "Mixture(w=[0.5, 0.5], comp_dists=[HalfNormal(1), Uniform(0, 2)])"},
            "parts end at different tau",
        ),
    ],
)
def test_refuses_by_name(changed: dict, message: str) -> None:
    base = of_run(RUNS["crins"])
    priors = {name: changed[name] for name in ("mu", "tau", "alpha") if name in changed}
    others = {name: value for name, value in changed.items() if name not in priors}
    asked = replace(
        base, priors={**base.priors, **{n: parse_prior(p) for n, p in priors.items()}}, **others
    )
    assert message.replace("\\", "") in str(refusal(asked))


def test_draws_are_of_the_posterior() -> None:
    found = solve(of_run(RUNS["crins"]))
    tau, mu, theta = found.draw(np.random.default_rng(1), 20_000)
    for draws, density in ((mu, found.mu), (tau, found.tau)):
        error = density.sd().item() / np.sqrt(draws.size)
        assert abs(draws.mean() - density.mean().item()) < MONTE_CARLO * error
        assert draws.std() == pytest.approx(density.sd().item(), rel=0.02)
    error = found.theta.sd()[0] / np.sqrt(mu.size)
    assert (abs(theta.mean(0) - found.theta.mean()[0]) < MONTE_CARLO * error).all()
    assert theta.std(0) == pytest.approx(found.theta.sd()[0], rel=0.03)


def test_densities_of_the_two_engines_have_the_same_methods() -> None:
    methods = {name for name in dir(NormalMixture) if not name.startswith("_")} - {
        *("weights", "means", "sds", "moments")
    }
    density = solve(of_run(RUNS["crins"])).mu
    assert all(hasattr(density, name) for name in methods)
    low, high = density.interval(0.8, "hdi")
    ends = density.pdf(np.array([low.item(), high.item()])).ravel()
    assert ends[0] == pytest.approx(ends[1], rel=1e-6)
    assert low.item() < density.mode().item() < high.item()


@pytest.mark.parametrize(
    "fit",
    [fit for fit in COLLECTED["glmm"]["two_arm"] if (fit["model"], fit["method"]) == GLMM],
    ids=lambda fit: fit["data"],
)
def test_a_common_effect_under_wide_priors_is_near_metafors_glmm(fit: dict) -> None:
    """The conditional exact likelihood and ours differ in what they do with the baselines."""
    priors = {"mu": "Normal(0, 100)", "alpha": "Normal(0, 10)"}
    found = solve(problem(dataset(fit["data"]), priors))
    assert abs(found.mu.mean().item() - fit["estimate"]) < NEAR * fit["std_error"]
    assert found.mu.sd().item() == pytest.approx(fit["std_error"], rel=NEAR)


def test_draws_where_every_tau_is_wide_or_none_is() -> None:
    """Blocks of draws may hold none of a kind."""
    for tau in ("Uniform(1, 2)", "HalfNormal(1e-6)"):
        base = of_run(RUNS["crins"])
        found = solve(replace(base, priors={**base.priors, "tau": parse_prior(tau)}))
        assert np.isfinite(found.draw(np.random.default_rng(1), 50)[2]).all()


def far_apart(*risks: float) -> dict[str, list[float]]:
    size, count = 100_000.0, len(risks)
    return {
        "events_treatment": [round(size * risk) for risk in risks],
        "total_treatment": [size] * count,
        "events_control": [size / 2] * count,
        "total_control": [size] * count,
    }


WITHOUT_TAU = {"mu": "Normal(0, 1)", "alpha": "Normal(0, 10)"}


def test_large_studies_that_contradict_each_other_are_not_forgotten() -> None:
    """Two estimates 76 standard errors apart: near their weighted mean."""
    asked = problem(far_apart(0.5, 2 / 3), WITHOUT_TAU)
    effect = np.array([0.0, np.log(2)])
    found = solve(asked)
    precision = np.array([1 / (4 / 1e5 + 1 / (1e5 * r * (1 - r))) for r in (0.5, 2 / 3)])
    centre = (effect * precision).sum() / precision.sum()
    assert found.mu.sd().item() == pytest.approx(precision.sum() ** -0.5, rel=0.01)
    assert found.mu.mean().item() == pytest.approx(centre, abs=0.02)
    assert found.log_evidence[0] < -1400


@pytest.mark.parametrize(
    ("effect", "std_error", "mu", "tau"),
    [
        ([0.0, 0.75], [0.01, 0.01], "Normal(0, 1)", None),
        ([0.0] * 9 + [0.6], [0.015] * 10, "Normal(0, 1)", None),
        ([0.0, 0.3, 0.9], [0.03] * 3, "Normal(0, 1)", "HalfNormal(0.01)"),
        ([0.1, 0.5, 0.2], [0.3, 0.2, 0.4], "Normal(0, 0.001)", "HalfNormal(0.5)"),
        ([0.1, 0.5, 0.2], [0.3, 0.2, 0.4], "Normal(3, 0.05)", "HalfNormal(0.5)"),
        ([0.1, 0.5, 0.2], [0.3, 0.2, 0.4], "Normal(0, 1)", "LogNormal(-2, 0.02)"),
        ([0.1, 0.5, 0.2], [0.3, 0.2, 0.4], "Normal(0, 1)", "Gamma(0.3, 1)"),
    ],
)
def test_conflicts_and_narrow_priors_are_as_exact(
    effect: list[float], std_error: list[float], mu: str, tau: str | None
) -> None:
    """Studies that contradict each other or the prior, against the closed form."""
    base = normal_problem(tau, mu)
    asked = replace(
        base,
        study=tuple(str(i) for i in range(len(effect))),
        effect=np.array(effect),
        std_error=np.array(std_error),
    )
    found = solve_alike([asked])
    right = integrate(effect, std_error, mu=asked.priors["mu"], tau=asked.priors.get("tau"))
    sd = right.mu.sd().item()
    assert found.error[0] < EXACT
    assert found.log_evidence[0] == pytest.approx(right.log_evidence[0], abs=EXACT_OF_THETA)
    assert found.mu.mean().item() == pytest.approx(right.mu.mean().item(), abs=EXACT_OF_THETA * sd)
    assert found.mu.sd().item() == pytest.approx(sd, rel=EXACT_OF_THETA)
    if tau is not None:
        assert found.tau.mean() == pytest.approx(right.tau.mean(), rel=EXACT_OF_THETA)


def test_rates_are_right_for_effects_far_out() -> None:
    """No events against some and a vague prior, against sums on dense grids."""
    data = {
        "events_treatment": [0.0, 0, 0],
        "time_treatment": [100.0, 50, 80],
        "events_control": [5.0, 4, 2],
        "time_control": [100.0, 60, 90],
    }
    priors = {"mu": "Normal(0, 100)", "alpha": "Normal(0, 10)"}
    found = solve(problem(data, priors, likelihood="poisson", contrast="treatment"))
    mu, alpha = np.arange(-700, 20, 0.25), np.arange(-60, 10, 0.02)
    log = -0.5 * (mu / 100) ** 2
    for t1, x2, t2 in zip(
        data["time_treatment"], data["events_control"], data["time_control"], strict=True
    ):
        given = -0.5 * (alpha / 10) ** 2 + x2 * alpha - t2 * np.exp(alpha)
        none = np.exp(np.minimum(mu[:, None] + alpha, 50.0))
        log += np.log(np.exp(given - given.max() - t1 * none).sum(1) + 1e-300)
    shares = np.exp(log - log.max())
    shares /= shares.sum()
    mean = (shares * mu).sum()
    assert found.error[0] < EXACT
    assert found.mu.mean().item() == pytest.approx(mean, abs=1e-3)
    assert found.mu.sd().item() == pytest.approx(
        np.sqrt((shares * (mu - mean) ** 2).sum()), abs=1e-3
    )


def test_what_the_nodes_do_not_resolve_is_said() -> None:
    base = normal_problem("Uniform(1, 4)", "Normal(0, 2)")
    asked = replace(
        base,
        study=("A", "B", "C"),
        effect=np.array([0.0, 0.001, 3.0009]),
        std_error=np.full(3, 0.003),
    )
    assert solve_alike([asked]).error[0] > 1e-3

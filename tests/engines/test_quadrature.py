"""Quadrature against other people's quadrature, fit by fit, and against mpmath."""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from bayesmeta.densities import NormalMixture, Tabulated
from bayesmeta.engines.quadrature import Posterior, evidence, integrate
from bayesmeta.model import Problem
from bayesmeta.priors import parse_prior

FOLDER = Path(__file__).parents[1] / "reference"


def read(name: str) -> dict:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


REFERENCE = read("quadrature.json")
TAILS = {(fit["dataset"], fit["id"]): fit for fit in read("tails.json")["fits"]}
REGRESSION_TAILS = {fit["name"]: fit for fit in read("tails.json")["regressions"]}
REGRESSIONS = read("meta_regression.json")
AWKWARD = read("awkward.json")["cases"]

EXACT = 1e-7
"""Posterior sds: what the reference, a quadrature in doubles, is good for. We are nearer to it than
1e-9 but where its limits cut a heavy tail; where they cost it more than this, mpmath decides."""

SHORTEST = 1e-6
"""The same for shortest intervals: the reference minimises the width, which is flat to the root of
the precision of doubles. That ours have equal densities at both ends is tested beside it."""

MODE = 1e-6
"""The same for modes: a maximum is known to the root of the precision of doubles by either."""

MPMATH = 1e-7
"""Posterior sds from numbers of mpmath: what quadrature promises. The nodes of tau are doubled
until probabilities change by less than 1e-9, which at the end of an interval is more of the
quantile: 3.4e-8 at most here (tau of a thousand studies), and for most numbers below 1e-11."""

CUT = 1e-8
"""Posterior sds from mpmath beyond which a number of the reference was cut."""

LOG_EVIDENCE = 2e-8
"""So much the reference loses with a prior that is infinite at 0 (UniformSqrt); else 1e-12."""

BAYES_FACTOR = 1e-6
"""Relative: both know the evidence to 1e-12, but the density at no effect is wanted where only
components of little weight reach."""

SMALLEST_BAYES_FACTOR = 1e-10
"""Below it the reference itself is a tail of a tail, and all that is held is that ours is small."""

EQUAL_DENSITIES = 1e-6
"""Relative, at both ends of a shortest interval: the ends are known to 1e-10 sd, over which none of
these densities changes by more."""

BETWEEN_NODES = 1e-5
"""Of the log density of tau, by polynomials between nodes whose sums are right to 1e-9: far less
where the density is high, the most where it is 1e-9 of that."""

LEVELS = {"95": 0.95, "80": 0.8}
QUANTILES = {"median": 0.5, "lower_95": 0.025, "upper_95": 0.975, "lower_80": 0.1, "upper_80": 0.9}
MAIN = ("mu", "tau", "theta_new")

EVERY_RUN = {
    "Cochran1954": 6,
    "Crins2014_AR": 5,
    "Hinks2010": 5,
    "bcg_RR": 8,
    "edge_huge_het": 3,
    "edge_k1": 3,
    "edge_k2": 3,
    "nielweise2007_OR": 5,
}
"""Data sets whose shortest intervals and modes every run looks at, of one in so many fits, as these
are slow; ``pytest -m exhaustive`` looks at all."""

FLAT = ("edge_k1", "uniform_0_4__mu_flat")
"""One study and a uniform prior: the posterior of tau is flat, and every interval is shortest."""

INFINITE_AT_0 = {
    ("bcg_RR", "rhodes_any__mu_flat"),
    ("bcg_RR", "rhodes_mental_pharma_placebo__mu_flat"),
}
"""A log-t density is infinite at 0, where the likelihood is next to nothing here: strictly the mode
is 0, and the reference has the local one."""

NOT_SHORTEST = ("three_studies_improper", "tau")
"""The reference takes the interval that begins at 0; one that begins at 0.065 is shorter."""

Numbers = Mapping[str, float | None]


def statistics(density: NormalMixture | Tabulated, wanted: Sequence[str]) -> dict[str, np.ndarray]:
    """Numbers of many densities at once (batch, quantity)."""
    names = [name for name in QUANTILES if name in wanted]
    quantiles = density.ppf(np.array([0.5, *(QUANTILES[name] for name in names)]))
    found = dict(zip(names, np.moveaxis(quantiles, -1, 0)[1:], strict=True))
    for level, prob in LEVELS.items():
        if f"shortest_lower_{level}" in wanted:
            lower, upper = density.interval(prob, "hdi")
            found |= {f"shortest_lower_{level}": lower, f"shortest_upper_{level}": upper}
    for name in {"mean", "sd", "mode"} & set(wanted):
        found[name] = getattr(density, name)()
    return {name: values.reshape(len(quantiles), -1) for name, values in found.items()}


def distances(found: Mapping[str, np.ndarray], at: tuple[int, int], exact: Numbers) -> Iterator:
    """Of each number from the exact one, in posterior sds; what does not exist must not in ours."""
    sd = exact["sd"]
    if sd is None:
        sd = (exact["upper_95"] - exact["lower_95"]) / 4
    for name in found.keys() & exact.keys():
        value, right = found[name][at], exact[name]
        if right is None:
            yield name, 0.0 if not np.isfinite(value) else np.inf
        else:
            yield name, abs(value - right) / sd


def tolerance(statistic: str) -> float:
    if statistic.startswith("shortest"):
        return SHORTEST
    return MODE if statistic == "mode" else EXACT


def named(numbers: Sequence[float | None], names: Sequence[str]) -> dict[str, float | None]:
    return dict(zip(names[: len(numbers)], numbers, strict=True))


def expected(data: dict, fit: dict, quantity: str, study: int) -> Numbers:
    """Numbers of the reference, those of mpmath in place of what it cut."""
    corrected = TAILS.get((data["name"], fit["id"]), {}).get(quantity, {})
    if quantity == "theta":
        numbers = named(fit["of_theta"][study], REFERENCE["statistics_of_theta"])
        return numbers | (corrected[study] if corrected else {})
    return named(fit[f"of_{quantity}"], REFERENCE["statistics"]) | corrected


def posterior_of(data: dict, fits: Sequence[dict]) -> Posterior:
    return integrate(
        data["effect"],
        data["std_error"],
        mu=[parse_prior(fit["mu"]) for fit in fits],
        tau=[parse_prior(fit["tau"]).resolve(data["std_error"]) for fit in fits],
    )


def compare(
    data: dict,
    fits: Sequence[dict],
    posterior: Posterior,
    quantity: str,
    wanted: Sequence[str],
) -> None:
    """Fail with everything that is too far from the reference, for one or more fits."""
    found = statistics(getattr(posterior, quantity), wanted)
    far = {}
    for row, fit in enumerate(fits):
        name = (data["name"], fit["id"])
        for study in range(len(data["effect"]) if quantity == "theta" else 1):
            exact = expected(data, fit, quantity, study)
            for statistic, apart in distances(found, (row, study), exact):
                arbitrary = name == FLAT and statistic.startswith("shortest")
                local = name in INFINITE_AT_0 and statistic == "mode"
                if quantity == "tau" and (arbitrary or local):
                    continue
                if not apart <= tolerance(statistic):
                    far[fit["id"], quantity, study, statistic] = apart
    assert not far


DATA_SETS = pytest.mark.parametrize(
    "data", [pytest.param(data, id=data["name"]) for data in REFERENCE["datasets"]]
)
FITS = pytest.mark.parametrize(
    ("data", "fits"),
    [
        *(
            pytest.param(data, data["fits"][:: EVERY_RUN[data["name"]]], id=data["name"])
            for data in REFERENCE["datasets"]
            if data["name"] in EVERY_RUN
        ),
        *(
            pytest.param(data, data["fits"], id=f"{data['name']}-all", marks=pytest.mark.exhaustive)
            for data in REFERENCE["datasets"]
        ),
    ],
)


def test_all_fits_are_here() -> None:
    assert len(REFERENCE["datasets"]) == 26
    assert sum(len(data["fits"]) for data in REFERENCE["datasets"]) == 350
    assert len(REGRESSIONS["fits"]) == 14


@DATA_SETS
def test_moments_and_quantiles(data: dict) -> None:
    """Fit by fit: many at once have the nodes of the hardest, and so are better than needed."""
    for fit in data["fits"]:
        posterior = posterior_of(data, [fit])
        for quantity in MAIN:
            compare(data, [fit], posterior, quantity, ["mean", "sd", *QUANTILES])
        compare(data, [fit], posterior, "theta", ["mean", "sd", *list(QUANTILES)[:3]])


@FITS
def test_shortest_intervals_and_modes(data: dict, fits: list[dict]) -> None:
    shortest = [f"shortest_{end}_{level}" for level in LEVELS for end in ("lower", "upper")]
    posterior = posterior_of(data, fits)
    for quantity in MAIN:
        compare(data, fits, posterior, quantity, [*shortest, "mode"])
    if len(fits[0]["of_theta"][0]) > len(("mean", "sd")):
        compare(data, fits, posterior, "theta", shortest[:2])


@FITS
def test_shortest_intervals_have_equal_densities(data: dict, fits: list[dict]) -> None:
    """But those that begin or end where the support does: there the density outside is lower."""
    posterior = posterior_of(data, fits)
    supports = [parse_prior(fit["tau"]) for fit in fits]
    for quantity in MAIN:
        density = getattr(posterior, quantity)
        lower, upper = (ends.ravel() for ends in density.interval(0.95, "hdi"))
        ends = np.stack([lower, upper], -1).reshape(*density.interval(0.95)[0].shape, 2)
        np.testing.assert_allclose(np.diff(density.cdf(ends)), 0.95, rtol=1e-9)
        at = np.exp(density.log_density(ends)).reshape(-1, 2)
        free = np.ones(len(fits), bool)
        if quantity == "tau":
            free = lower > [prior.lower for prior in supports]
            free &= upper < [0.9999 * prior.upper for prior in supports]
        np.testing.assert_allclose(at[free, 0], at[free, 1], rtol=EQUAL_DENSITIES)


@DATA_SETS
def test_density_of_tau_is_prior_times_likelihood(data: dict) -> None:
    """Where the density is within 20 of its highest logarithm, by the formula at any tau."""
    fits = [fit for fit in data["fits"] if fit["mu"] == "Flat()" and "LogT" not in fit["tau"]]
    posterior = posterior_of(data, fits)
    ends = posterior.tau.ppf(np.array([1e-6, 0.5, 1 - 1e-6]))
    spaced = [np.geomspace(a, b, 50) for a, b in itertools.pairwise(ends.T)]
    tau = np.concatenate(spaced).T
    effect, std_error = np.array(data["effect"]), np.array(data["std_error"])
    w = 1 / (std_error**2 + tau[..., None] ** 2)
    centre = (w * effect).sum(-1) / w.sum(-1)
    misfit = (w * (effect - centre[..., None]) ** 2).sum(-1)
    log = 0.5 * (np.log(w / (2 * np.pi)).sum(-1) - misfit - np.log(w.sum(-1) / (2 * np.pi)))
    for row, fit in enumerate(fits):
        log[row] += parse_prior(fit["tau"]).resolve(std_error).logpdf(tau[row])
    log -= posterior.log_evidence[:, None]
    counts = log > log.max(-1, keepdims=True) - 20
    np.testing.assert_allclose(
        posterior.tau.log_density(tau)[counts], log[counts], atol=BETWEEN_NODES
    )


@DATA_SETS
def test_moments_exist_where_the_reference_says_so(data: dict) -> None:
    posterior = posterior_of(data, data["fits"])
    for quantity in MAIN:
        density = getattr(posterior, quantity)
        names = REFERENCE["statistics"]
        exact = [named(fit[f"of_{quantity}"], names) for fit in data["fits"]]
        sds, means = density.sd().ravel(), density.mean().ravel()
        assert [np.isposinf(sd) for sd in sds] == [row["sd"] is None for row in exact]
        assert [not np.isfinite(mean) for mean in means] == [row["mean"] is None for row in exact]


@DATA_SETS
def test_evidence_and_bayes_factors(data: dict) -> None:
    posterior = posterior_of(data, data["fits"])
    for found, fit in zip(posterior.log_evidence, data["fits"], strict=True):
        if (data["name"], fit["id"]) not in TAILS and fit["log_evidence"] is not None:
            assert found == pytest.approx(fit["log_evidence"], abs=LOG_EVIDENCE)
        problem = Problem(
            study=tuple(str(i) for i in range(len(data["effect"]))),
            effect=np.array(data["effect"]),
            std_error=np.array(data["std_error"]),
            likelihood="normal",
            heterogeneity="normal",
            priors={
                "mu": parse_prior(fit["mu"]),
                "tau": parse_prior(fit["tau"]).resolve(data["std_error"]),
            },
        )
        ours = evidence(problem, 0.0)
        assert ours is not None
        for name in ("mu", "tau"):
            bayes_factor, exact = ours[f"bf01_{name}"], fit[f"bf_{name}"]
            assert (bayes_factor is None) == (exact is None)
            if exact is not None and (data["name"], fit["id"]) not in TAILS:
                near = pytest.approx(exact, rel=BAYES_FACTOR, abs=SMALLEST_BAYES_FACTOR)
                assert bayes_factor == near


def test_every_fit_is_good_to_what_it_says() -> None:
    for data in REFERENCE["datasets"]:
        assert posterior_of(data, data["fits"]).error.max() <= 1e-8


@pytest.mark.parametrize("name", TAILS, ids="-".join)
def test_cut_tails_are_right_in_ours(name: tuple[str, str]) -> None:
    """Each of these fits has numbers that the reference cut, and mpmath agrees with ours."""
    data = next(d for d in REFERENCE["datasets"] if d["name"] == name[0])
    fit = next(f for f in data["fits"] if f["id"] == name[1])
    right = TAILS[name]
    posterior = posterior_of(data, [fit])
    cut = 0.0
    for quantity in right.keys() & {*MAIN, "theta"}:
        rows = right[quantity] if quantity == "theta" else [right[quantity]]
        found = statistics(getattr(posterior, quantity), list(rows[0]))
        for study, exact in enumerate(rows):
            apart = dict(distances(found, (0, study), exact))
            assert max(apart.values()) < MPMATH
            reference = {
                key: np.array([[value]])
                for key, value in expected({"name": ""}, fit, quantity, study).items()
            }
            cut = max(cut, *(x for _, x in distances(reference, (0, 0), exact)))
    assert cut > CUT


# --- meta-regression


@pytest.mark.parametrize("fit", [pytest.param(fit, id=fit["name"]) for fit in REGRESSIONS["fits"]])
def test_meta_regression(fit: dict) -> None:
    first, *others = (parse_prior(expression) for expression in fit["beta"])
    posterior = integrate(
        fit["effect"],
        fit["std_error"],
        mu=first,
        beta=others,
        tau=parse_prior(fit["tau"]),
        design=fit["design"],
    )
    names = REGRESSIONS["statistics"]
    wanted = [name for name in names if not name.startswith("shortest") or name.endswith("95")]
    places = np.array([at["x"] for at in fit["predict"]], float).reshape(-1, len(others) + 1)
    terms = np.concatenate([np.eye(len(others) + 1), places])
    rows = {
        "tau": [fit["of_tau"]],
        "mean": [*fit["of_beta"], *(at["mean"] for at in fit["predict"])],
        "new": [at["new"] for at in fit["predict"]],
    }
    densities = {"tau": posterior.tau, "mean": posterior.linear(terms)}
    if fit["predict"]:
        densities["new"] = posterior.linear(places, new=True)
    cut = REGRESSION_TAILS.get(fit["name"], {})
    for quantity, density in densities.items():
        found = statistics(density, wanted)
        for column, numbers in enumerate(rows[quantity]):
            exact = named(numbers, names)
            if quantity in cut:
                sds = {"mean": [*cut["mean"][:2], *cut["mean"]], "new": cut["new"]}
                exact["sd"] = sds[quantity][column]
            for statistic, apart in distances(found, (0, column), exact):
                assert apart <= tolerance(statistic), (quantity, column, statistic)
    np.testing.assert_allclose(posterior.theta.mean()[0], fit["mean_of_theta"], rtol=1e-9)
    if fit["log_evidence"] is not None:
        assert posterior.log_evidence[0] == pytest.approx(fit["log_evidence"], abs=1e-11)


# --- awkward cases, by mpmath


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in AWKWARD])
def test_awkward_cases(case: dict) -> None:
    posterior = integrate(
        case["effect"],
        case["std_error"],
        mu=parse_prior(case["mu"]),
        tau=parse_prior(case["tau"]),
    )
    assert posterior.error[0] <= 1e-8
    assert posterior.log_evidence[0] == pytest.approx(case["log_evidence"], rel=1e-12)
    renamed = {"lower": "lower_95", "upper": "upper_95"} | {
        f"shortest_{end}": f"shortest_{end}_95" for end in ("lower", "upper")
    }
    for name, estimates in case["estimates"].items():
        exact = {renamed.get(key, key): value for key, value in estimates.items()}
        below = exact.pop("below_zero", None)
        if (case["name"], name) == NOT_SHORTEST:
            width = exact.pop("shortest_upper_95") - exact.pop("shortest_lower_95")
            lower, upper = posterior.tau.interval(0.95, "hdi")
            assert width > upper - lower
        study = int(name.removeprefix("theta_")) - 1 if name[-1].isdigit() else 0
        density = getattr(posterior, name if name in MAIN else "theta")
        found = statistics(density, list(exact))
        far = {
            statistic: apart
            for statistic, apart in distances(found, (0, study), exact)
            if not apart <= MPMATH
        }
        assert not far, name
        if below is not None:
            share = density.cdf(np.zeros(1))[0, study, 0]
            assert share == pytest.approx(below, rel=1e-9, abs=1e-12)

"""What metafor finds, as a limit of the posterior: flat priors, and deviations held fixed.

With flat priors of the coefficients the density of the effects given the standard deviations, the
coefficients integrated out, is the restricted likelihood (Harville 1974, Biometrika 61:383), up to
``0.5 * log(det(X' X))``, which metafor adds. So at metafor's estimates of the standard deviations
the conditional means and sds of the coefficients are metafor's ``b`` and ``se``, and the density,
which is the integrand of quadrature, has its maximum there.
"""

import numpy as np
import pytest

from bayesmeta.densities.search import Floats
from bayesmeta.engines.quadrature.given_tau import Coefficients, GivenTau, Studies, given_tau
from bayesmeta.engines.quadrature.linear import Linear, linear_of
from bayesmeta.model import Design, Groups, Problem
from bayesmeta.priors import parse_prior
from tests.engines.structures import reference

R = reference("structures_r.json")
MODERATORS = R["moderators"]

CONDITIONAL = 1e-8
"""Relative: a closed form at numbers that metafor gives in full. Years and their products with
latitudes, not centred, have normal equations of condition 1e7 or more; else 1e-12."""

LOG_LIKELIHOOD = 1e-9
"""Likewise; it has all constants."""

GRADIENT = 2e-4
"""Of the log likelihood in the logarithms of the variances, where the optimiser of rma.mv stopped:
nlminb does where it expects relative changes below 1e-10, of a log likelihood of 8 to 74 here,
which is a gradient of ``sqrt(2 h 1e-10 * 74)`` with curvatures h of about 2."""

FISHER = 2e-5
"""How far the maximum may be from the tau² of rma: Fisher scoring stops at a step below 1e-5, and
as each is up to two thirds of the one before, those that were not taken sum to twice as much."""

THREE_LEVEL = [(data, name) for data, entry in R["three_level"].items() for name in entry["fits"]]


def three_level(data: str, name: str) -> Problem:
    entry = R["three_level"][data]
    effect, terms = np.array(entry["effect"]), entry["fits"][name]["coef_names"][1:]
    levels = [term.removeprefix("deltype") for term in terms]
    matrix = np.array([[float(own == level) for level in levels] for own in entry["deltype"] or []])
    design = Design.pooled(effect.size)
    if terms:
        design = Design(matrix=matrix, terms=tuple(terms), steps=np.full(len(terms), np.nan))
    flat = {f"beta[{term}]": parse_prior("Flat()") for term in terms}
    return Problem(
        study=tuple(f"result {i}" for i in range(effect.size)),
        effect=effect,
        std_error=np.sqrt(entry["variance"]),
        likelihood="normal",
        heterogeneity="nested",
        priors={"mu": parse_prior("Flat()"), **flat}
        | {name: parse_prior("HalfNormal(1)") for name in ("tau", "tau_within")},
        clusters=Groups.of([str(label) for label in entry["cluster"]]),
        rho=0.6 if name.endswith("rho0.6") else None,
        design=design,
    )


def given(linear: Linear, inner: Floats, outer: Floats) -> GivenTau:
    """The coefficients given pairs of deviations, flat priors (batch = pair, one node)."""
    count, terms = inner.size, linear.base.shape[1]
    shape = (count, linear.effect.size)
    shared = linear.rotated_shared
    studies = Studies(
        effect=np.broadcast_to(linear.effect, shape),
        std_error=np.broadcast_to(linear.std_error, shape),
        design=linear.design(np.ones(1)),
        included=np.ones(shape),
        shared=None if shared is None else shared[None],
        sigma=outer,
    )
    flat = Coefficients(
        log_weight=np.zeros((1, 1)),
        mean=np.zeros((1, 1, terms)),
        precision=np.zeros((1, 1, terms)),
    )
    return given_tau(studies, flat, inner[:, None])


def metafor_constant(linear: Linear) -> float:
    return 0.5 * float(np.linalg.slogdet(linear.base.T @ linear.base)[1])


def log_likelihoods(linear: Linear, found: GivenTau, method: str) -> Floats:
    """Restricted, or of the coefficients at their estimates, as metafor has it."""
    if method == "REML":
        return found.total()[:, 0] + metafor_constant(linear)
    terms = linear.base.shape[1]
    log_determinant = np.linalg.slogdet(found.covariance[:, 0, 0])[1]
    return found.total()[:, 0] - 0.5 * (terms * np.log(2 * np.pi) + log_determinant)


def slopes(linear: Linear, variances: Floats, method: str) -> tuple[Floats, Floats]:
    """First and second derivatives of the log likelihood, by differences.

    In the logarithms of tau_within² and tau² (tau² alone).
    """
    step, first, second = 1e-4, [], []
    for place in range(variances.size):
        log = []
        for side in (-1, 0, 1):
            moved = np.log(variances)
            moved[place] += side * step
            inner, *outer = np.exp(moved / 2)
            found = given(linear, np.array([inner]), np.array(outer or [1.0]))
            log.append(log_likelihoods(linear, found, method)[0])
        first.append((log[2] - log[0]) / (2 * step))
        second.append((log[2] - 2 * log[1] + log[0]) / step**2)
    return np.array(first), np.array(second)


@pytest.mark.parametrize(("data", "name"), THREE_LEVEL)
def test_three_levels_at_the_estimates_of_metafor(data: str, name: str) -> None:
    fit = R["three_level"][data]["fits"][name]
    linear = linear_of(three_level(data, name))
    between, within = np.sqrt(fit["sigma2"])
    found = given(linear, np.array([within]), np.array([between]))
    np.testing.assert_allclose(found.mean[0, 0, 0], fit["b"], rtol=CONDITIONAL)
    se = np.sqrt(np.diagonal(found.covariance[0, 0, 0]))
    np.testing.assert_allclose(se, fit["se"], rtol=CONDITIONAL)
    method = "ML" if name.startswith("ML") else "REML"
    log = log_likelihoods(linear, found, method)[0]
    assert log == pytest.approx(fit["logLik"], rel=LOG_LIKELIHOOD)
    slope, curvature = slopes(linear, np.array([within, between]) ** 2, method)
    assert np.abs(slope).max() < GRADIENT
    assert (curvature < 0).all()
    other, _ = slopes(linear, np.array([within, 1.1 * between]) ** 2, method)
    assert other[1] < -10 * GRADIENT  # another place would not pass


def columns(data: dict, names: list[str], formula: str) -> Floats:
    """The design by the names that R gives to its columns."""

    def column(name: str) -> Floats:
        if name == "intrcpt":
            return np.ones(len(data["yi"]))
        if ":" in name:
            first, second = name.split(":")
            return column(first) * column(second)
        if name in data:
            return np.array(data[name], float)
        for key, values in data.items():
            for start in (key, f"factor({key})"):
                if name.startswith(start) and name != key:
                    return np.array([float(str(v) == name.removeprefix(start)) for v in values])
        raise KeyError(name)

    return np.stack([column(name) for name in names], 1)


@pytest.mark.parametrize(
    "fit",
    [
        pytest.param(fit, id=f"{fit['data']} {fit['formula']} {fit['method']}")
        for fit in MODERATORS["fits"]
    ],
)
def test_moderators_at_the_estimates_of_metafor(fit: dict) -> None:
    data = MODERATORS["data"][fit["data"]]
    design = columns(data, fit["coef_names"], fit["formula"])
    known = np.isfinite(design).all(1)
    count, terms = int(known.sum()), design.shape[1]
    linear = Linear(
        effect=np.array(data["yi"])[known],
        std_error=np.sqrt(np.array(data["vi"])[known]),
        rotation=np.eye(count),
        base=design[known],
        steps=np.zeros((count, 0)),
        shared=np.zeros((count, 0)),
        priors=(parse_prior("Flat()"),) * terms,
        inner="tau",
        outer=None,
        means=np.eye(terms)[:1],
    )
    tau2 = np.array([fit["tau2"]])
    found = given(linear, np.sqrt(tau2), np.ones(1))
    np.testing.assert_allclose(found.mean[0, 0, 0], fit["b"], rtol=CONDITIONAL)
    se = np.sqrt(np.diagonal(found.covariance[0, 0, 0]))
    np.testing.assert_allclose(se, fit["se"], rtol=CONDITIONAL)
    log = log_likelihoods(linear, found, fit["method"])[0]
    assert log == pytest.approx(fit["logLik"], rel=LOG_LIKELIHOOD)
    if fit["tau2"] > 0:
        slope, curvature = slopes(linear, tau2, fit["method"])
        assert abs(tau2[0] * slope[0] / curvature[0]) < FISHER

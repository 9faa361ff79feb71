"""Quadrature against what R bayesmeta gives, and against what its authors printed.

R integrates over tau, but takes mu, theta and theta_new from a coarse grid of tau. Where the two
differ, the reference of `test_quadrature` is the judge, and ours is right.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bayesmeta.densities import NormalMixture, Tabulated
from bayesmeta.engines.quadrature import Posterior, integrate
from bayesmeta.priors import parse_prior

FOLDER = Path(__file__).parents[1] / "reference"


def read(name: str) -> dict:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


REFERENCE = {data["name"]: data for data in read("quadrature.json")["datasets"]}
NAMES = read("quadrature.json")["statistics"]
TAILS = {(fit["dataset"], fit["id"]): fit for fit in read("tails.json")["fits"]}
OF_R = read("r_bayesmeta.json")
PUBLISHED = read("published.json")

OURS = 1e-6
"""Posterior sds, of ours from the reference, also where R is further away: the reference is good to
1e-7."""

GRID = 5e-3
"""Posterior sds: what R's grid of tau costs it with its defaults, in these fits."""

HALF = 0.5 * (1 + 1e-6)
"""Of the last printed digit."""

STATISTICS = ("mean", "sd", "median", "lower_95", "upper_95")
QUANTITIES = ("mu", "tau", "theta_new", "theta")

WITHIN = {
    "mu": (1669, 1192, 1660),
    "tau": (1668, 1668, 1668),
    "theta_new": (1668, 922, 1658),
    "theta": (13708, 13129, 13708),
}
"""Of how many numbers of R how many are within 1e-3, and within 1e-2 posterior sd of the reference:
means, sds, medians and central 95 % intervals of 336 fits."""

FINITE_IN_R = {
    "mu": {
        ("Hinks2010", "Jeffreys__mu_flat"),
        ("Hinks2010", "uniform_improper__mu_flat"),
        ("Hinks2010", "BergerDeely__mu_flat"),
        ("Hinks2010", "sqrt__mu_flat"),
        ("edge_k1", "halfcauchy_0.5__mu_flat"),
        ("edge_k2", "halfcauchy_0.5__mu_flat"),
        ("edge_k2", "Jeffreys__mu_flat"),
        ("edge_k2", "DuMouchel__mu_flat"),
    },
    "tau": set(),
}
FINITE_IN_R["theta_new"] = FINITE_IN_R["mu"] | {("edge_k1", "halfcauchy_0.5__mu_N(0,4)")}
"""Fits whose sd R prints as a number, though it is infinite."""

LOCAL_MODES = {
    ("Cochran1954", "DuMouchel__mu_flat"): 0.0,
    ("edge_huge_het", "uniform_0_4__mu_flat"): 4.0,
    ("edge_huge_het", "uniform_0_4__mu_N(0,4)"): 4.0,
}
"""The modes of tau, at an end of its support, where R prints another."""


def posteriors(name: str) -> Posterior:
    data = REFERENCE[name]
    return integrate(
        data["effect"],
        data["std_error"],
        mu=[parse_prior(fit["mu"]) for fit in data["fits"]],
        tau=[parse_prior(fit["tau"]).resolve(data["std_error"]) for fit in data["fits"]],
    )


def found(density: NormalMixture | Tabulated) -> np.ndarray:
    """Mean, sd, median and central 95 % interval (fit, quantity, statistic)."""
    quantiles = density.ppf(np.array([0.5, 0.025, 0.975]))
    rows = len(quantiles)
    moments = [values.reshape(rows, -1, 1) for values in (density.mean(), density.sd())]
    return np.concatenate([*moments, quantiles.reshape(rows, -1, 3)], -1)


def exact(name: str, fit: dict, quantity: str, study: int) -> list[float | None]:
    corrected = TAILS.get((name, fit["id"]), {}).get(quantity, {})
    if quantity != "theta":
        named = dict(zip(NAMES, fit[f"of_{quantity}"], strict=True)) | corrected
        return [named[statistic] for statistic in STATISTICS]
    return fit["of_theta"][study][:3]


def of_r(fit: dict, quantity: str, study: int) -> list[float | None]:
    if quantity == "theta":
        return fit["of_theta"][study][:3]
    return fit[f"of_{quantity}"][:3] + fit["central"][QUANTITIES.index(quantity)]


def compared() -> Iterator[tuple[str, float, float]]:
    """The quantity, R's distance and our distance of each number that R has and that exists."""
    for data in OF_R["datasets"]:
        name = data["name"]
        posterior = posteriors(name)
        ids = [fit["id"] for fit in REFERENCE[name]["fits"]]
        for quantity in QUANTITIES:
            ours = found(getattr(posterior, quantity))
            for fit in data["fits"]:
                row = ids.index(fit["id"])
                reference = REFERENCE[name]["fits"][row]
                for study in range(len(fit["of_theta"]) if quantity == "theta" else 1):
                    right = exact(name, reference, quantity, study)
                    theirs = of_r(fit, quantity, study)
                    sd = right[1] or (right[4] - right[3]) / 4
                    for one, value, mine in zip(right, theirs, ours[row, study], strict=False):
                        if one is not None and value is not None:
                            yield quantity, abs(value - one) / sd, abs(mine - one) / sd


def test_ours_is_right_where_r_is_not() -> None:
    counts: Counter[tuple[str, str]] = Counter()
    for quantity, theirs, ours in compared():
        assert ours < OURS
        counts[quantity, "all"] += 1
        counts[quantity, "1e-3"] += theirs <= 1e-3
        counts[quantity, "1e-2"] += theirs <= 1e-2
    within = {
        quantity: tuple(counts[quantity, limit] for limit in ("all", "1e-3", "1e-2"))
        for quantity in QUANTITIES
    }
    assert within == WITHIN


@pytest.mark.parametrize("quantity", FINITE_IN_R)
def test_infinite_sds_are_infinite_in_ours(quantity: str) -> None:
    finite = set()
    for data in OF_R["datasets"]:
        sds = getattr(posteriors(data["name"]), quantity).sd().ravel()
        ids = [fit["id"] for fit in REFERENCE[data["name"]]["fits"]]
        for fit in data["fits"]:
            printed = fit[f"of_{quantity}"][OF_R["statistics"].index("sd")]
            if np.isposinf(sds[ids.index(fit["id"])]) and printed is not None:
                finite.add((data["name"], fit["id"]))
    assert finite == FINITE_IN_R[quantity]


@pytest.mark.parametrize("name", LOCAL_MODES, ids="-".join)
def test_modes_at_the_ends_of_the_support(name: tuple[str, str]) -> None:
    data = REFERENCE[name[0]]
    fit = next(fit for fit in data["fits"] if fit["id"] == name[1])
    mu, tau = parse_prior(fit["mu"]), parse_prior(fit["tau"]).resolve(data["std_error"])
    ours = integrate(data["effect"], data["std_error"], mu=mu, tau=tau).tau.mode()[0]
    assert ours == pytest.approx(LOCAL_MODES[name], abs=1e-9)
    assert fit["of_tau"][NAMES.index("mode")] == LOCAL_MODES[name]
    theirs = next(d for d in OF_R["datasets"] if d["name"] == name[0])["fits"]
    printed = next(fit for fit in theirs if fit["id"] == name[1])["of_tau"]
    assert abs(printed[OF_R["statistics"].index("mode")] - ours) > 0.05


# --- what was printed


def studies(name: str) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names, effects and standard errors; log odds ratios as metafor has them by default."""
    data = PUBLISHED["data"][name]
    if "effect" in data:
        return data["study"], np.array(data["effect"]), np.array(data["std_error"])
    arms = [
        (np.array(data[f"events_{arm}"], float), np.array(data[f"total_{arm}"], float))
        for arm in ("treatment", "control")
    ]
    cells = np.array([cell for events, total in arms for cell in (events, total - events)])
    cells += np.where((cells == 0).any(0), 0.5, 0.0)
    effect = np.log(cells[0] * cells[3] / (cells[1] * cells[2]))
    return data["study"], effect, np.sqrt((1 / cells).sum(0))


def printed_numbers(kind: str) -> list:
    return [
        pytest.param(fit, quantity, statistic, text, id=f"{fit['data']}-{quantity}-{statistic}")
        for fit in PUBLISHED["fits"]
        for quantity, numbers in fit.get(kind, {}).items()
        for statistic, text in numbers.items()
    ]


def number(fit: dict, quantity: str, statistic: str) -> tuple[float, float]:
    """Our number and the posterior sd."""
    study, effect, std_error = studies(fit["data"])
    mu, tau = parse_prior(fit["mu"]), parse_prior(fit["tau"])
    posterior = integrate(effect, std_error, mu=mu, tau=tau)
    place = study.index(quantity) if quantity in study else 0
    density = getattr(posterior, "theta" if quantity in study else quantity)
    if statistic in ("lower", "upper"):
        values = density.interval(0.95, "hdi")[statistic == "upper"]
    elif statistic == "median" or statistic.endswith("%"):
        prob = 0.5 if statistic == "median" else float(statistic.removesuffix(" %")) / 100
        values = density.ppf(np.array([prob]))
    elif statistic[-1].isdigit():
        side, _, limit = statistic.partition(" ")
        values = density.cdf(np.full((1,) * (density.mean().ndim + 1), float(limit)))
        values = 1 - values if side == "above" else values
    else:
        values = getattr(density, statistic)()
    return float(values.ravel()[place]), float(density.sd().ravel()[place])


def last_digit(text: str) -> float:
    mantissa, _, exponent = text.partition("e")
    return 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))


@pytest.mark.parametrize(("fit", "quantity", "statistic", "text"), printed_numbers("exact"))
def test_what_r_integrates_is_the_same_to_the_last_printed_digit(
    fit: dict, quantity: str, statistic: str, text: str
) -> None:
    assert abs(number(fit, quantity, statistic)[0] - float(text)) <= HALF * last_digit(text)


@pytest.mark.parametrize(("fit", "quantity", "statistic", "text"), printed_numbers("rounded"))
def test_what_papers_quote_is_the_same_to_the_last_printed_digit(
    fit: dict, quantity: str, statistic: str, text: str
) -> None:
    assert abs(number(fit, quantity, statistic)[0] - float(text)) <= HALF * last_digit(text)


@pytest.mark.parametrize(("fit", "quantity", "statistic", "text"), printed_numbers("grid"))
def test_what_r_has_from_a_grid_is_as_near_as_the_grid_allows(
    fit: dict, quantity: str, statistic: str, text: str
) -> None:
    value, sd = number(fit, quantity, statistic)
    assert abs(value - float(text)) < GRID * sd


@pytest.mark.parametrize(("fit", "quantity", "statistic", "text"), printed_numbers("wrong"))
def test_a_wrong_last_digit_is_not_reproduced(
    fit: dict, quantity: str, statistic: str, text: str
) -> None:
    value, sd = number(fit, quantity, statistic)
    assert abs(value - float(text)) > HALF * last_digit(text)
    assert abs(value - float(text)) < HALF * last_digit(text) + GRID * sd
    right = next(
        f for f in REFERENCE[fit["data"]]["fits"] if f["id"] == "halfnormal_0.5__mu_N(0,4)"
    )
    exact = right[f"of_{quantity}"][NAMES.index(f"shortest_{statistic}_95")]
    assert value == pytest.approx(exact, abs=OURS)


def test_log_odds_ratios_are_those_of_the_reference() -> None:
    reference = REFERENCE["Crins2014_AR"]
    _, effect, std_error = studies("Crins2014_AR")
    np.testing.assert_allclose(effect, reference["effect"], rtol=1e-12)
    np.testing.assert_allclose(std_error, reference["std_error"], rtol=1e-12)

"""Posteriors whose tails are so heavy that fixed limits of integration cut them.

Needs mpmath only; nothing of bayesmeta is used. It decides where ``quadrature.json`` and
``meta_regression.json`` (from a quadrature in doubles that begins and ends at fixed values of log
tau) and our own results differ by more than 1e-8 posterior sd. Writes ``tails.json`` beside
itself::

    python tests/reference/tails.py

Given tau everything is normal (see `awkward.py` for the formulas), and tau is integrated out by
24-point Gauss-Legendre rules over u = log(tau): panels of width `WIDTH` where the density falls
exponentially in u on both sides, and beyond them, where the prior is a log-t whose density falls as
a power of u, panels in 1 / u to infinity. With panels of half the width no digit that is written
changes.
"""

import functools
import itertools
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from mpmath import mp, mpf
from mpmath.calculus.quadrature import GaussLegendre

mp.dps = 30
WIDTH = mpf(1) / 2
RECIPROCALS = [mpf(x) for x in (0, "0.02", "0.05", "0.1", "0.2", "0.35", "0.5", "0.75", 1)]
"""Ends of the panels in 1 / (1 + distance from the panels in u)."""

STEP = mpf(10) ** -22
DIGITS = 15

REGRESSION = "crins_subgroups_uniform_flat"

Node = tuple[mpf, mpf, mpf, mpf]
"""Weight, tau, and mean and variance of mu given tau."""

MAIN = ("mu", "tau", "theta_new")
EVERYTHING = ("everything",)
CASES: list[tuple[str, str, str, tuple[str, ...]]] = [
    *(
        (dataset, f"{prior}__mu_flat", expression, EVERYTHING)
        for dataset in ("Crins2014_AR", "Hinks2010")
        for prior, expression in (
            ("rhodes_any", "LogT(5, -1.72, 1.295)"),
            ("rhodes_mental_pharma_placebo", "LogT(5, -1.495, 1.08)"),
        )
    ),
    *(
        ("Hinks2010", f"{prior}__mu_flat", expression, ("mu", "theta_new"))
        for prior, expression in (
            ("halfcauchy_0.5", "HalfCauchy(0.5)"),
            ("lomax_1_0.5", "Lomax(1, 0.5)"),
            ("DuMouchel", "DuMouchel()"),
            ("overallJeffreys", "OverallJeffreys()"),
        )
    ),
    ("edge_k2", "halfcauchy_0.5__mu_N(0,4)", "HalfCauchy(0.5)", ("theta_new",)),
]
"""Data set, fit, prior of tau, and the quantities whose sd is wanted (or everything)."""


def density(expression: str, variances: list[mpf]) -> Callable[[mpf], mpf]:
    """The prior density of tau, up to a constant."""
    k = len(variances)
    harmonic = mp.sqrt(k / mp.fsum(1 / v for v in variances))

    def overall_jeffreys(t: mpf) -> mpf:
        w = [1 / (v + t * t) for v in variances]
        return t * mp.sqrt(mp.fsum(w) * mp.fsum(a * a for a in w))

    def log_t(mu: str, sigma: str) -> Callable[[mpf], mpf]:
        return lambda t: (1 + ((mp.log(t) - mpf(float(mu))) / mpf(float(sigma))) ** 2 / 5) ** -3 / t

    return {
        "LogT(5, -1.72, 1.295)": log_t("-1.72", "1.295"),
        "LogT(5, -1.495, 1.08)": log_t("-1.495", "1.08"),
        "HalfCauchy(0.5)": lambda t: 1 / (1 + 4 * t * t),
        "Lomax(1, 0.5)": lambda t: 1 / (1 + 2 * t) ** 2,
        "DuMouchel()": lambda t: 1 / (harmonic + t) ** 2,
        "OverallJeffreys()": overall_jeffreys,
    }[expression]


@functools.cache
def legendre() -> list[tuple[mpf, mpf]]:
    return GaussLegendre(mp).calc_nodes(4, mp.prec + 20)


def panel(lower: mpf, upper: mpf) -> Iterator[tuple[mpf, mpf]]:
    middle, half = (lower + upper) / 2, (upper - lower) / 2
    for x, weight in legendre():
        yield middle + half * x, half * weight


def rule(
    first: mpf, last: mpf, *, lower: bool = False, upper: bool = False
) -> Iterator[tuple[mpf, mpf]]:
    """Places and weights of u; beyond the ends where these say so."""
    count = int(mp.ceil((last - first) / WIDTH))
    ends = [first + (last - first) * i / count for i in range(count + 1)]
    for a, b in itertools.pairwise(ends):
        yield from panel(a, b)
    for wanted, end, sign in ((lower, first, -1), (upper, last, 1)):
        if wanted:
            for a, b in itertools.pairwise(RECIPROCALS):
                for v, weight in panel(a, b):
                    yield end + sign * (1 / v - 1), weight / v**2


class Posterior:
    """A posterior as a mixture over tau."""

    def __init__(self, effect: list[float], std_error: list[float], tau: str, mu: str) -> None:
        self.y = [mpf(v) for v in effect]
        self.variances = [mpf(v) ** 2 for v in std_error]
        self.prior = density(tau, self.variances)
        self.heavy = tau.startswith("LogT")
        self.mu = (mpf(0), mpf(1) / 16) if mu == "Normal(0, 4)" else (mpf(0), mpf(0))
        typical = mp.log(min(self.variances)) / 2
        self.least = typical - (5 if self.heavy else 60)
        self.most = typical + (8 if self.heavy else 90)
        nodes = [
            self.node(u, w)
            for u, w in rule(self.least, self.most, lower=self.heavy, upper=self.heavy)
        ]
        self.evidence = mp.fsum(n[0] for n in nodes)
        self.nodes = [(n[0] / self.evidence, *n[1:]) for n in nodes]

    def given(self, t: mpf) -> tuple[mpf, mpf, mpf]:
        """Density of tau (unnormalised), mean and variance of mu."""
        w = [1 / (v + t * t) for v in self.variances]
        total = mp.fsum(w)
        centre = mp.fdot(w, self.y) / total
        square = mp.fsum(a * (y - centre) ** 2 for a, y in zip(w, self.y, strict=True))
        mean, precision = self.mu
        if precision:
            square += (centre - mean) ** 2 * total * precision / (total + precision)
        height = self.prior(t) * mp.exp(-square / 2) * mp.sqrt(mp.fprod(w) / (total + precision))
        return (
            height,
            (total * centre + precision * mean) / (total + precision),
            1 / (total + precision),
        )

    def node(self, u: mpf, weight: mpf) -> Node:
        t = mp.exp(u)
        height, mean, variance = self.given(t)
        return weight * height * t, t, mean, variance

    def mixture(self, name: str) -> list[tuple[mpf, mpf, mpf]]:
        """Weights, means and sds of mu, theta_new or the effect of a study."""
        if name == "mu":
            return [(w, m, mp.sqrt(v)) for w, _, m, v in self.nodes]
        if name == "theta_new":
            return [(w, m, mp.sqrt(v + t * t)) for w, t, m, v in self.nodes]
        y, s2 = self.y[int(name)], self.variances[int(name)]
        parts = []
        for w, t, m, v in self.nodes:
            b = t * t / (t * t + s2)
            parts.append((w, b * y + (1 - b) * m, mp.sqrt(b * s2 + (1 - b) ** 2 * v)))
        return parts

    def tau_cdf(self, x: mpf) -> mpf:
        below = mp.fsum(
            self.node(u, w)[0] for u, w in rule(self.least, mp.log(x), lower=self.heavy)
        )
        return below / self.evidence

    def tau_pdf(self, x: mpf) -> mpf:
        return self.given(x)[0] / self.evidence


def quantile(cdf: Callable[[mpf], mpf], pdf: Callable[[mpf], mpf], p: mpf, start: mpf) -> mpf:
    """By Newton's method, `start` being near."""
    x = start
    for _ in range(30):
        step = (cdf(x) - p) / pdf(x)
        x -= step
        if abs(step) < STEP * abs(x):
            return x
    raise ArithmeticError("no quantile")


def shortest(
    cdf: Callable[[mpf], mpf], pdf: Callable[[mpf], mpf], level: mpf, start: list[float]
) -> tuple[mpf, mpf]:
    """Equal densities at both ends, by the secant method on the lower tail."""
    a, b = (mpf(x) for x in start)
    if a == 0:
        return a, quantile(cdf, pdf, level, b)

    def difference(x: mpf) -> mpf:
        nonlocal b
        b = quantile(cdf, pdf, cdf(x) + level, b)
        return pdf(x) - pdf(b)

    x0, x1 = a, a + (b - a) * mpf(10) ** -7
    f0, f1 = difference(x0), difference(x1)
    for _ in range(20):
        if f1 == f0 or abs(x1 - x0) < mpf(10) ** -18 * (b - a):
            return x1, quantile(cdf, pdf, cdf(x1) + level, b)
        x0, x1, f0 = x1, x1 - f1 * (x1 - x0) / (f1 - f0), f1
        f1 = difference(x1)
    raise ArithmeticError("no shortest interval")


def moments(parts: list[tuple[mpf, mpf, mpf]]) -> tuple[mpf, mpf]:
    mean = mp.fsum(w * m for w, m, _ in parts)
    return mean, mp.sqrt(mp.fsum(w * (sd**2 + (m - mean) ** 2) for w, m, sd in parts))


def everything(posterior: Posterior, name: str, near: dict) -> dict[str, float]:
    """What `quadrature.json` has of a quantity; its values are where roots are looked for."""
    if name == "tau":
        cdf, pdf = posterior.tau_cdf, posterior.tau_pdf
        mean = mp.fsum(w * t for w, t, _, _ in posterior.nodes)
        sd = mp.sqrt(mp.fsum(w * (t - mean) ** 2 for w, t, _, _ in posterior.nodes))
    else:
        parts = posterior.mixture(name)
        mean, sd = moments(parts)
        kept = [part for part in parts if part[0] > mpf(10) ** -26]

        def cdf(x: mpf) -> mpf:
            return mp.fsum(w * mp.ncdf(x, m, s) for w, m, s in kept)

        def pdf(x: mpf) -> mpf:
            return mp.fsum(w * mp.npdf(x, m, s) for w, m, s in kept)

    found = {"mean": mean, "sd": sd}
    for key, p in QUANTILES.items():
        if key in near:
            found[key] = quantile(cdf, pdf, mpf(p), mpf(near[key]))
    for level in ("95", "80"):
        low, high = f"shortest_lower_{level}", f"shortest_upper_{level}"
        if low in near:
            found[low], found[high] = shortest(cdf, pdf, mpf(level) / 100, [near[low], near[high]])
    return {key: float(mp.nstr(value, DIGITS)) for key, value in found.items()}


QUANTILES = {
    "median": "0.5",
    "lower_95": "0.025",
    "upper_95": "0.975",
    "lower_80": "0.1",
    "upper_80": "0.9",
}

ABOUT = (
    "Posteriors with heavy tails by tests/reference/tails.py (mpmath with 30 digits), where"
    " numbers of quadrature.json and meta_regression.json are further than 1e-8 posterior sd from"
    " bayesmeta's: their limits of integration cut the tail of tau. Layout and names of the"
    " statistics as there; of the regression the sds of the mean and of a new effect for each x"
    " of predict."
)


def two_groups(fit: dict) -> dict:
    """The sds of a regression with an indicator of each of two groups, priors being flat."""
    y = [mpf(v) for v in fit["effect"]]
    variances = [mpf(v) ** 2 for v in fit["std_error"]]
    groups = [[i for i, row in enumerate(fit["design"]) if row[term]] for term in (0, 1)]

    def given(t: mpf) -> tuple[mpf, list[mpf], list[mpf]]:
        """Density of tau, means and variances of the groups."""
        w = [1 / (v + t * t) for v in variances]
        totals = [mp.fsum(w[i] for i in group) for group in groups]
        means = [
            mp.fsum(w[i] * y[i] for i in group) / total
            for group, total in zip(groups, totals, strict=True)
        ]
        square = mp.fsum(
            w[i] * (y[i] - mean) ** 2
            for group, mean in zip(groups, means, strict=True)
            for i in group
        )
        height = mp.exp(-square / 2) * mp.sqrt(mp.fprod(w) / mp.fprod(totals))
        return height, means, [1 / total for total in totals]

    found: dict = {"name": fit["name"], "mean": [], "new": []}
    points = [(mp.exp(u), w * mp.exp(u)) for u, w in rule(mpf(-60), mpf(100))]
    nodes = [(w, t, *given(t)) for t, w in points]
    evidence = mp.fsum(w * height for w, _, height, _, _ in nodes)
    for at in fit["predict"]:
        for name, new in (("mean", 0), ("new", 1)):
            parts = [
                (
                    w * height / evidence,
                    mp.fdot(at["x"], means),
                    mp.sqrt(mp.fdot([x * x for x in at["x"]], spread) + new * t * t),
                )
                for w, t, height, means, spread in nodes
            ]
            found[name].append(float(mp.nstr(moments(parts)[1], DIGITS)))
    return found


def solve(reference: dict, dataset: str, fit: str, tau: str, wanted: tuple[str, ...]) -> dict:
    data = next(d for d in reference["datasets"] if d["name"] == dataset)
    copied = next(f for f in data["fits"] if f["id"] == fit)
    posterior = Posterior(data["effect"], data["std_error"], tau, copied["mu"])
    found: dict = {"dataset": dataset, "id": fit}
    if wanted != EVERYTHING:
        for name in wanted:
            found[name] = {"sd": float(mp.nstr(moments(posterior.mixture(name))[1], DIGITS))}
        return found
    for name in MAIN:
        near = dict(zip(reference["statistics"], copied[f"of_{name}"], strict=True))
        found[name] = everything(posterior, name, near)
    found["theta"] = [
        everything(
            posterior, str(i), dict(zip(reference["statistics_of_theta"], near, strict=True))
        )
        for i, near in enumerate(copied["of_theta"])
    ]
    return found


def main() -> None:
    here = Path(__file__).parent
    reference, regressions = (
        json.loads((here / name).read_text(encoding="utf-8"))
        for name in ("quadrature.json", "meta_regression.json")
    )
    lines = []
    for dataset, fit, tau, wanted in CASES:
        lines.append(json.dumps(solve(reference, dataset, fit, tau, wanted)))
        sys.stderr.write(f"{dataset} {fit}\n")
    body = ",\n".join(lines)
    regression = json.dumps(
        [two_groups(fit) for fit in regressions["fits"] if fit["name"] == REGRESSION]
    )
    text = f'{{"about": {json.dumps(ABOUT)},\n"fits": [\n{body}],\n"regressions": {regression}}}\n'
    (here / "tails.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

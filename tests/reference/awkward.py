"""Reference posteriors of the normal-normal model where quadrature is awkward.

Needs mpmath only (gmpy2 makes it faster); nothing of bayesmeta is used. Writes ``awkward.json``
beside this file::

    python tests/reference/awkward.py [NAME ...]

with names, only those cases are computed, and the result goes to standard output.

The model is y_i ~ N(theta_i, s_i²), theta_i ~ N(mu, tau²). Given tau, and mu's prior being flat or
normal, everything is normal:

    w_i = 1 / (s_i² + tau²),  A = Σ w_i,  h = Σ w_i y_i / A,  r = precision of mu's prior (0: flat)
    mu        ~ N(m, v),  v = 1 / (A + r),  m = (A h + r m0) v
    theta_new ~ N(m, v + tau²)
    theta_i   ~ N(b y_i + (1 - b) m, b s_i² + (1 - b)² v),  b = tau² / (tau² + s_i²)

so each posterior is a mixture of normals over tau, and tau's density is known up to a constant. A
Student-t or Cauchy prior on mu is a mixture of normals with precision λ / scale², λ ~ Gamma(nu/2,
nu/2), which makes the mixture two-dimensional.

The mixtures are summed by two rules that have no node in common:

`ExponentialRule`
    One double-exponential (tanh-sinh) trapezoidal rule over all of tau. Its results are those
    written.
`PanelRule`
    24-point Gauss-Legendre on panels in log tau, the first panel in tau (or its root), the last
    one in 1 / tau where the tail of tau is algebraic.

Quantiles and shortest intervals are roots, by Newton's method, of the distribution function under
each rule. The least number of digits to which the two agree is written with each case.
"""

import functools
import itertools
import json
import math
import re
import statistics
import sys
import time
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple, Protocol

from mpmath import mp, mpf
from mpmath.calculus.quadrature import GaussLegendre

mp.dps = 45
NEGLIGIBLE = mpf(10) ** -34
"""Weight, of the whole, below which a node is left out."""
STEP = mpf(10) ** -18
"""Relative step that is the last of Newton's method, which doubles the digits with each."""
TINY = mpf(10) ** -10
"""Probabilities below are written as 0: nodes that matter to them were left out."""
LEVEL = mpf("0.95")

type Node = tuple[mpf, mpf]
"""A place and its weight."""


# --- priors


class TauPrior(NamedTuple):
    """Prior density of tau, and where and how it ends."""

    density: Callable[[mpf], mpf]
    start: mpf = mpf(0)  # the density is negligible below
    end: mpf = mp.inf  # and above; infinity where the tail is algebraic
    bound: mpf = mp.inf  # of the support
    root: int = 1  # the density is analytic in tau^(1 / root) at 0 and at infinity
    tail: float = math.inf  # it goes as tau^-tail


class MuPrior(NamedTuple):
    """Student-t prior on mu; normal where ``nu`` is infinite, flat where ``scale`` is."""

    location: mpf = mpf(0)
    scale: mpf = mp.inf
    nu: mpf = mp.inf


def half_normal(scale: mpf) -> TauPrior:
    constant = mp.sqrt(2 / mp.pi) / scale
    return TauPrior(lambda t: constant * mp.exp(-((t / scale) ** 2) / 2), end=14 * scale)


def half_cauchy(scale: mpf) -> TauPrior:
    return TauPrior(lambda t: 2 / (mp.pi * scale * (1 + (t / scale) ** 2)), tail=2)


def uniform(lower: mpf, upper: mpf) -> TauPrior:
    assert lower == 0
    return TauPrior(lambda _: 1 / upper, end=upper, bound=upper)


def log_normal(mu: mpf, sigma: mpf) -> TauPrior:
    constant = 1 / (sigma * mp.sqrt(2 * mp.pi))
    return TauPrior(
        lambda t: constant * mp.exp(-(((mp.log(t) - mu) / sigma) ** 2) / 2) / t,
        start=mp.exp(mu - 13 * sigma),
        end=mp.exp(mu + 13 * sigma),
    )


PRIORS: dict[str, Callable[..., TauPrior | MuPrior]] = {
    "HalfNormal": half_normal,
    "HalfCauchy": half_cauchy,
    "HalfFlat": lambda: TauPrior(lambda _: mpf(1), tail=0),
    "Uniform": uniform,
    "UniformSqrt": lambda: TauPrior(lambda t: 1 / mp.sqrt(t), root=2, tail=0.5),
    "LogNormal": log_normal,
    "Flat": MuPrior,
    "Normal": lambda mu, sigma: MuPrior(mu, sigma),
    "StudentT": lambda nu, mu, sigma: MuPrior(mu, sigma, nu),
    "Cauchy": lambda alpha, beta: MuPrior(alpha, beta, mpf(1)),
}


def prior(expression: str) -> TauPrior | MuPrior:
    """``"HalfNormal(0.5)"`` and the like, the numbers taken as doubles."""
    name, arguments = re.fullmatch(r"(\w+)\((.*)\)", expression).groups()
    return PRIORS[name](*(mpf(float(a)) for a in arguments.split(",") if a))


# --- cases


class Case(NamedTuple):
    """Studies and priors; numbers are doubles, and are taken as exactly what they are."""

    name: str
    about: str
    effect: list[float]
    std_error: list[float]
    tau: str
    mu: str
    ratio: float = 1.5  # of the ends of a panel
    step: float = 1 / 64  # of the double-exponential rule


def thousand() -> tuple[list[float], list[float]]:
    """1000 effects about 0.3, tau 0.2, by two Kronecker sequences."""
    normal = statistics.NormalDist()
    effect, std_error = [], []
    for i in range(1, 1001):
        s = 0.05 * 20 ** (i * (math.sqrt(5) - 1) / 2 % 1)
        z = normal.inv_cdf(i * math.sqrt(2) % 1)
        std_error.append(round(s, 6))
        effect.append(round(0.3 + math.hypot(0.2, s) * z, 6))
    return effect, std_error


SCHOOLS = (
    [28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0],
    [15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0],
)
CONFLICT = ([2.6, 3.4, 2.9, 3.8], [0.4, 0.5, 0.3, 0.6])

CASES = [
    Case("one_study", "k = 1", [0.7], [0.3], "HalfNormal(0.5)", "Normal(0, 4)"),
    Case(
        "two_studies",
        "k = 2, clearly different; variances are infinite",
        [-0.4, 1.3],
        [0.12, 0.25],
        "HalfCauchy(0.5)",
        "Flat()",
    ),
    Case(
        "three_studies_improper",
        "k = 3, improper prior on tau; means of tau and mu are infinite or do not exist",
        [0.1, 0.5, 1.6],
        [0.2, 0.35, 0.3],
        "HalfFlat()",
        "Flat()",
    ),
    Case(
        "thousand_studies",
        "k = 1000, tau well determined",
        *thousand(),
        "HalfNormal(0.5)",
        "Flat()",
        ratio=1.1,
        step=1 / 128,
    ),
    Case(
        "homogeneous",
        "k = 20, less dispersed than by chance; tau is piled up at 0",
        [round(0.25 + 0.02 * math.sin(i), 3) for i in range(1, 21)],
        [round(0.2 + 0.1 * math.cos(2 * i), 3) for i in range(1, 21)],
        "HalfNormal(1)",
        "Flat()",
    ),
    Case(
        "outlier",
        "k = 8, one effect 200 standard errors away from the others",
        [0.12, 0.35, 0.08, 0.41, 0.22, 0.17, 0.3, 20.2],
        [0.1, 0.15, 0.12, 0.2, 0.18, 0.11, 0.14, 0.1],
        "HalfNormal(1)",
        "Normal(0, 10)",
    ),
    Case(
        "unequal_errors",
        "k = 12, standard errors from 0.001 to 10",
        [0.42, 0.15, 0.78, 0.31, -0.12, 0.55, 0.05, 0.9, -0.4, 1.5, -3.2, 7.5],
        [0.001, 0.00231, 0.00534, 0.0123, 0.0285, 0.0658, 0.152, 0.351, 0.811, 1.87, 4.33, 10.0],
        "HalfCauchy(1)",
        "Flat()",
    ),
    Case("eight_schools", "eight schools", *SCHOOLS, "HalfCauchy(25)", "Flat()"),
    Case(
        "eight_schools_improper",
        "eight schools, improper prior on tau",
        *SCHOOLS,
        "HalfFlat()",
        "Flat()",
    ),
    Case(
        "upper_bound",
        "k = 5, tau is pushed against the upper end of its prior",
        [-9.0, 6.0, 14.0, -4.0, 11.0],
        [0.5, 0.8, 1.2, 0.6, 1.0],
        "Uniform(0, 4)",
        "Normal(0, 2)",
    ),
    Case(
        "improper_sqrt",
        "k = 6, prior density tau^-0.5, infinite at 0",
        [0.3, -0.1, 0.6, 0.2, 0.9, 0.0],
        [0.15, 0.2, 0.25, 0.3, 0.2, 0.35],
        "UniformSqrt()",
        "Flat()",
    ),
]

LONG = [
    Case(
        "student_mu",
        "k = 4, log-normal tau, effects far from a Student-t prior on mu",
        *CONFLICT,
        "LogNormal(-2, 0.7)",
        "StudentT(4, 0, 1)",
        ratio=2.5,
        step=1 / 24,
    ),
    Case(
        "cauchy_mu",
        "k = 4, log-normal tau, effects far from a Cauchy prior on mu",
        *CONFLICT,
        "LogNormal(-2, 0.7)",
        "Cauchy(0, 0.5)",
        ratio=2.5,
        step=1 / 24,
    ),
]
"""Two dimensions, and far longer than all others together: only where they are asked for."""

KNOWN = [
    (
        Case("known_normal", "", *SCHOOLS, "HalfNormal(5)", "Flat()"),
        (-27.53535894, 7.78687331, 4.36372512, 3.31005732),
    ),
    (
        Case("known_cauchy", "", *SCHOOLS, "HalfCauchy(5)", "Flat()"),
        (-27.80929926, 7.8030209, 4.46502649, 3.63386729),
    ),
]
"""Log evidence, mean and standard deviation of mu, mean of tau, known from elsewhere."""


# --- quadrature


class Rule(Protocol):
    """Quadrature over tau, from its least value to ``upper``, and over λ."""

    def tau(self, upper: mpf) -> Iterator[Node]: ...

    def mixing(self) -> list[Node]: ...


@functools.cache
def legendre() -> list[Node]:
    """24-point Gauss-Legendre rule on (-1, 1)."""
    nodes = GaussLegendre(mp).calc_nodes(4, mp.prec + 20)
    assert len(nodes) == 24
    return nodes


def panel(lower: mpf, upper: mpf) -> Iterator[Node]:
    """Gauss-Legendre rule on (lower, upper)."""
    middle, half = (lower + upper) / 2, (upper - lower) / 2
    for x, weight in legendre():
        yield middle + half * x, half * weight


def geometric(lower: mpf, upper: mpf, ratio: float) -> Iterator[tuple[mpf, mpf]]:
    """Intervals that together are (lower, upper), each as long as the last one on a log scale."""
    ends = itertools.takewhile(
        lambda x: x < upper, (lower * mpf(ratio) ** i for i in itertools.count())
    )
    return itertools.pairwise([*ends, upper])


class PanelRule:
    """Gauss-Legendre on panels.

    With tau the likelihood is analytic but at ±i s, so that panels are to be short against the
    distance from there: this is what the first panel, those in log tau, and the last are.
    """

    def __init__(self, case: Case) -> None:
        self.prior, self.mu = prior(case.tau), prior(case.mu)
        self.ratio = case.ratio
        s, y = case.std_error, case.effect
        scale = float(re.search(r"[\d.]*(?=\)$)", case.tau).group() or 0)
        self.first = self.prior.start or mpf(min(s)) / 4
        self.last = mpf(8 * max(*s, max(y) - min(y), scale))
        if self.prior.end < mp.inf:
            self.last = self.prior.end

    def tau(self, upper: mpf) -> Iterator[Node]:
        power, upper = self.prior.root, min(upper, self.prior.end)
        if self.prior.start == 0:
            for x, weight in panel(mpf(0), min(self.first, upper) ** (mpf(1) / power)):
                yield x**power, weight * power * x ** (power - 1)
        if upper > self.first:
            for ends in geometric(self.first, min(self.last, upper), self.ratio):
                for x, weight in panel(*map(mp.log, ends)):
                    yield mp.exp(x), weight * mp.exp(x)
        if upper > self.last:
            for x, weight in panel(
                (1 / upper) ** (mpf(1) / power), (1 / self.last) ** (mpf(1) / power)
            ):
                yield x**-power, weight * power * x ** (-power - 1)

    def mixing(self) -> list[Node]:
        """In √λ, whose density is analytic at 0."""
        if self.mu.nu == mp.inf:
            return [(mpf(1), mpf(1))]
        nu, first, last = self.mu.nu, mpf("0.01"), mp.sqrt(190 / self.mu.nu)
        constant = 2 * (nu / 2) ** (nu / 2) / mp.gamma(nu / 2)
        return [
            (x * x, weight * constant * x ** (nu - 1) * mp.exp(-nu * x * x / 2))
            for ends in [(mpf(0), first), *geometric(first, last, self.ratio)]
            for x, weight in panel(*ends)
        ]


class ExponentialRule:
    """Double-exponential rule, its middle at ``centre``."""

    def __init__(self, case: Case, centre: mpf) -> None:
        self.mu = prior(case.mu)
        self.step, self.centre = mpf(case.step), centre

    def tau(self, upper: mpf) -> Iterator[Node]:
        half = int(mpf("5.2") / self.step)
        for i in range(-half, half + 1):
            t = i * self.step
            if upper == mp.inf:  # tau from 0 to infinity
                tau = self.centre * mp.exp(mp.pi / 2 * mp.sinh(t))
                yield tau, self.step * tau * mp.pi / 2 * mp.cosh(t)
            else:  # to a bound
                rest = 1 / (1 + mp.exp(mp.pi * mp.sinh(t)))
                tau = upper / (1 + mp.exp(-mp.pi * mp.sinh(t)))
                yield tau, self.step * tau * rest * mp.pi * mp.cosh(t)

    def mixing(self) -> list[Node]:
        """λ = exp(t - exp(-t)), with decay faster than exponential at both ends."""
        if self.mu.nu == mp.inf:
            return [(mpf(1), mpf(1))]
        half, step = self.mu.nu / 2, self.step
        constant = half**half / mp.gamma(half)
        nodes = []
        for i in range(int(-6 / step), int(6 / step) + 1):
            t = i * step
            x = mp.exp(t - mp.exp(-t))
            density = constant * x**half * mp.exp(-half * x) * (1 + mp.exp(-t))
            nodes.append((x, step * density))
        return [node for node in nodes if node[1] > NEGLIGIBLE**2]


# --- distributions


def rough_root(function: Callable[[float], float], lower: float, upper: float) -> float:
    """Root of an increasing function of doubles, by bisection."""
    while upper - lower > 1e-10 * max(abs(lower), abs(upper)):
        middle = (lower + upper) / 2
        lower, upper = (middle, upper) if function(middle) < 0 else (lower, middle)
    return lower


class Distribution(ABC):
    """What is wanted of a continuous distribution, from its `cdf`, `pdf` and `slope`."""

    lower_end, upper_end = -mp.inf, mp.inf

    @abstractmethod
    def cdf(self, x: mpf) -> mpf: ...

    @abstractmethod
    def pdf(self, x: mpf) -> mpf: ...

    @abstractmethod
    def slope(self, x: mpf) -> mpf:
        """Derivative of the density."""

    @abstractmethod
    def rough_quantiles(self, p: Iterable[float]) -> list[float]:
        """Good enough for Newton's method to start there."""

    def quantile(self, p: mpf, start: mpf | None = None) -> mpf:
        x = mpf(self.rough_quantiles([float(p)])[0]) if start is None else start
        for _ in range(60):
            step = (self.cdf(x) - p) / self.pdf(x)
            x -= step
            if abs(step) < STEP * abs(x):
                return x
        raise ArithmeticError("no quantile")

    def shortest(self, start: tuple[mpf, mpf] | None = None) -> tuple[mpf, mpf]:
        """Shortest interval; of all candidates, `start` is near the right one."""
        a, b = self.rough_shortest() if start is None else start
        if a == self.lower_end:
            b = self.quantile(LEVEL, b if start else None)
            if self.pdf(self.quantile(mpf("1e-6"))) >= self.pdf(b):
                return a, b
            a = self.quantile(mpf("1e-4"))  # the density rises from the end: it is further in
        if b == self.upper_end:
            return self.quantile(1 - LEVEL, a if start else None), b
        for _ in range(60):
            step = mp.lu_solve(
                mp.matrix([[-self.pdf(a), self.pdf(b)], [-self.slope(a), self.slope(b)]]),
                mp.matrix([self.cdf(b) - self.cdf(a) - LEVEL, self.pdf(b) - self.pdf(a)]),
            )
            a, b = a - step[0], b - step[1]
            if max(abs(step[0]), abs(step[1])) < STEP * (b - a):
                return a, b
        raise ArithmeticError("no shortest interval")

    def rough_shortest(self) -> tuple[mpf, mpf]:
        cells = 50
        tail = 1 - float(LEVEL)
        p = [tail * i / cells for i in range(1, cells)]
        lower = self.rough_quantiles([*p, tail])
        upper = self.rough_quantiles([float(LEVEL), *(float(LEVEL) + x for x in p)])
        candidates = [
            *zip(lower, [*upper[1:], self.upper_end], strict=True),
            (self.lower_end, upper[0]),
        ]
        a, b = min(candidates, key=lambda ends: ends[1] - ends[0])
        return mpf(a), mpf(b)


class Mixture(Distribution):
    """Mixture of normals."""

    def __init__(self, weight: list[mpf], mean: list[mpf], variance: list[mpf]) -> None:
        self.mean = mp.fdot(weight, mean)
        self.sd = mp.sqrt(
            mp.fsum(
                w * (v + (m - self.mean) ** 2)
                for w, m, v in zip(weight, mean, variance, strict=True)
            )
        )
        roots = [mp.sqrt(2 * v) for v in variance]
        self.parts = [(w / 2, m, 1 / root) for w, m, root in zip(weight, mean, roots, strict=True)]
        self.rough = [tuple(map(float, part)) for part in self.parts if part[0] > 1e-12]

    def cdf(self, x: mpf) -> mpf:
        return mp.fsum(w * mp.erfc((m - x) * r) for w, m, r in self.parts)

    def pdf(self, x: mpf) -> mpf:
        terms = (w * r * mp.exp(-(((m - x) * r) ** 2)) for w, m, r in self.parts)
        return 2 / mp.sqrt(mp.pi) * mp.fsum(terms)

    def slope(self, x: mpf) -> mpf:
        terms = ((m - x) * w * r**3 * mp.exp(-(((m - x) * r) ** 2)) for w, m, r in self.parts)
        return 4 / mp.sqrt(mp.pi) * mp.fsum(terms)

    def rough_quantiles(self, p: Iterable[float]) -> list[float]:
        def excess(x: float, p: float) -> float:
            return sum(w * math.erfc((m - x) * r) for w, m, r in self.rough) - p

        p = list(p)
        lower, upper = -1.0, 1.0
        while excess(lower, min(p)) > 0:
            lower *= 2
        while excess(upper, max(p)) < 0:
            upper *= 2
        return [rough_root(functools.partial(excess, p=q), lower, upper) for q in p]


class Posterior:
    """The posterior under one rule."""

    def __init__(self, case: Case, rule: Rule) -> None:
        self.case, self.rule, self.mixing = case, rule, rule.mixing()
        self.tau_prior, self.mu_prior = prior(case.tau), prior(case.mu)
        self.y, self.s = [mpf(y) for y in case.effect], [mpf(s) for s in case.std_error]
        self.variance, self.y2 = [s**2 for s in self.s], [y**2 for y in self.y]
        nodes = [
            (weight * part, tau, mean, variance)
            for tau, weight in rule.tau(self.tau_prior.bound)
            for part, mean, variance in self.given(tau)
        ]
        self.evidence = mp.fsum(node[0] for node in nodes)
        least = NEGLIGIBLE * self.evidence
        kept = sorted((n for n in nodes if n[0] * (1 + n[1] ** 2) > least), key=lambda n: n[1])
        self.weight = [n[0] / self.evidence for n in kept]
        self.tau, self.m, self.v = (list(x) for x in list(zip(*kept, strict=True))[1:])
        # where there are nodes below the first one kept, those are negligible
        self.least = max((n[1] for n in nodes if n[1] < self.tau[0]), default=mpf(0))

    def given(self, tau: mpf) -> list[tuple[mpf, mpf, mpf]]:
        """Prior of tau times the likelihood without mu; mean and variance of mu; for each λ."""
        one, square = mpf(1), tau**2
        w = [one / (variance + square) for variance in self.variance]
        precision = mp.fsum(w)
        centre = mp.fdot(w, self.y) / precision
        spread = mp.fdot(w, self.y2) - precision * centre**2
        likelihood = self.tau_prior.density(tau) * mp.exp(-spread / 2)
        likelihood *= mp.sqrt(mp.fprod(w)) / mp.sqrt(2 * mp.pi) ** len(w)
        location, scale, _ = self.mu_prior
        if scale == mp.inf:
            return [(likelihood * mp.sqrt(2 * mp.pi / precision), centre, 1 / precision)]
        parts = []
        for lam, weight in self.mixing:
            r = lam / scale**2
            total = precision + r
            gap = (centre - location) ** 2 * precision * r / total
            part = likelihood * weight * mp.sqrt(r / total) * mp.exp(-gap / 2)
            parts.append((part, (precision * centre + r * location) / total, 1 / total))
        return parts

    def mu_is(self) -> Mixture:
        return Mixture(self.weight, self.m, self.v)

    def tau_is(self) -> "Tau":
        return Tau(self)

    def theta_new_is(self) -> Mixture:
        return Mixture(
            self.weight, self.m, [v + t**2 for v, t in zip(self.v, self.tau, strict=True)]
        )

    def theta_is(self, i: int) -> Mixture:
        y, variance = self.y[i], self.variance[i]
        b = [t**2 / (t**2 + variance) for t in self.tau]
        return Mixture(
            self.weight,
            [b * y + (1 - b) * m for b, m in zip(b, self.m, strict=True)],
            [b * variance + (1 - b) ** 2 * v for b, v in zip(b, self.v, strict=True)],
        )


class Tau(Distribution):
    """Posterior of tau."""

    lower_end = mpf(0)

    def __init__(self, posterior: Posterior) -> None:
        self.posterior = posterior
        self.rule, self.evidence = posterior.rule, posterior.evidence
        self.upper_end = posterior.tau_prior.bound
        self.density = functools.cache(lambda x: mp.fsum(p[0] for p in posterior.given(x)))
        self.mean = mp.fdot(posterior.weight, posterior.tau)
        self.sd = mp.sqrt(mp.fdot(posterior.weight, [(t - self.mean) ** 2 for t in posterior.tau]))
        weights = [float(w) for w in posterior.weight]
        sums = itertools.accumulate(weights)
        self.rough = [(0.0, 0.0)]  # cumulative probability and place, half of a node on each side
        for sum_, weight, tau in zip(sums, weights, posterior.tau, strict=True):
            self.rough.append((sum_ - weight / 2, float(tau)))
        self.rough.append((1.0, float(min(self.upper_end, 2 * posterior.tau[-1]))))

    def cdf(self, x: mpf) -> mpf:
        nodes = ((t, w) for t, w in self.rule.tau(x) if t > self.posterior.least)
        return mp.fsum(w * self.density(t) for t, w in nodes) / self.evidence

    def pdf(self, x: mpf) -> mpf:
        return self.density(x) / self.evidence

    def slope(self, x: mpf) -> mpf:
        return mp.diff(self.density, x, relative=True) / self.evidence

    def rough_quantiles(self, p: Iterable[float]) -> list[float]:
        places = []
        for q in p:
            i = bisect_left(self.rough, (q, 0.0))
            (p0, x0), (p1, x1) = self.rough[i - 1 : i + 1]
            places.append(x0 + (x1 - x0) * (q - p0) / (p1 - p0))
        return places


# --- results


def summary(
    x: Distribution, near: dict[str, mpf] | None, *, moments: int, shortest: bool, negative: bool
) -> dict[str, mpf | None]:
    """Summaries; `near`, the same ones from elsewhere, are where roots are looked for."""
    near = near or {}
    tail = (1 - LEVEL) / 2
    found = {
        "mean": x.mean if moments > 0 else None,
        "sd": x.sd if moments > 1 else None,
        "median": x.quantile(mpf("0.5"), near.get("median")),
        "lower": x.quantile(tail, near.get("lower")),
        "upper": x.quantile(1 - tail, near.get("upper")),
    }
    if shortest:
        ends = (near["shortest_lower"], near["shortest_upper"]) if near else None
        found["shortest_lower"], found["shortest_upper"] = x.shortest(ends)
    if negative:
        below_zero = x.cdf(mpf(0))
        found["below_zero"] = below_zero if below_zero > TINY else mpf(0)
    return found


def summaries(posterior: Posterior, near: dict[str, dict[str, mpf]]) -> dict[str, dict[str, mpf]]:
    """Summaries of each unknown.

    Tau's density falls as tau^-(tail + k - 1) if mu's prior is flat, and then so do those of mu and
    theta_new; such a density has moments of orders less than tail + k - 2.
    """
    k = len(posterior.y)
    flat = posterior.mu_prior.scale == mp.inf
    orders = posterior.tau_prior.tail + k - (2 if flat else 1)
    finite = 2 if orders > 2 else 1 if orders > 1 else 0
    wanted = {
        "mu": (posterior.mu_is, finite if flat else 2, True, True),
        "tau": (posterior.tau_is, finite, True, False),
        "theta_new": (posterior.theta_new_is, finite, False, True),
    }
    for i in {1: [0], 1000: [0]}.get(k, [0, k - 1]):
        theta = functools.partial(posterior.theta_is, i)
        wanted[f"theta_{i + 1}"] = (theta, 2, False, True)
    return {
        name: summary(x(), near.get(name), moments=moments, shortest=shortest, negative=negative)
        for name, (x, moments, shortest, negative) in wanted.items()
    }


def digits(a: mpf, b: mpf) -> float:
    """Digits to which two numbers agree."""
    if a == b:
        return float(mp.dps)
    return float(-mp.log10(abs(a - b) / abs(a)))


def solve(case: Case) -> dict[str, object]:
    """A case by both rules."""
    begin = time.perf_counter()
    second = Posterior(case, PanelRule(case))
    median = mpf(second.tau_is().rough_quantiles([0.5])[0])
    first = Posterior(case, ExponentialRule(case, median))
    one = summaries(first, {})
    two = summaries(second, one)
    log_evidence = mp.log(first.evidence)
    agree = {"log_evidence": digits(log_evidence, mp.log(second.evidence))}
    for name, values in one.items():
        for key, value in values.items():
            if value is not None:
                agree[f"{name}.{key}"] = digits(value, two[name][key])
    worst = min(agree, key=agree.__getitem__)
    sys.stderr.write(
        f"{case.name}: {len(first.weight)} and {len(second.weight)} nodes agree to"
        f" {agree[worst]:.1f} digits ({worst}), {time.perf_counter() - begin:.0f} s\n"
    )
    assert agree[worst] > 20, agree
    return {
        "name": case.name,
        "about": case.about,
        "effect": case.effect,
        "std_error": case.std_error,
        "tau": case.tau,
        "mu": case.mu,
        "agreeing_digits": int(agree[worst]),
        "log_evidence": float(log_evidence),
        "estimates": {
            name: {key: None if x is None else float(x) for key, x in values.items()}
            for name, values in one.items()
        },
    }


def check_known() -> None:
    for case, expected in KNOWN:
        found = solve(case)
        mu, tau = found["estimates"]["mu"], found["estimates"]["tau"]
        values = (found["log_evidence"], mu["mean"], mu["sd"], tau["mean"])
        for value, other in zip(values, expected, strict=True):
            assert abs(value - other) < 1e-8, (case.name, values)


ABOUT = (
    "Posteriors of the normal-normal model by tests/reference/awkward.py (mpmath with 45 digits),"
    " independent of bayesmeta: normal mixtures over tau (and over the scale of mu's Student-t or"
    " Cauchy prior) by a double-exponential rule over tau, each number compared with that by"
    " Gauss-Legendre on panels in log(tau); agreeing_digits is the least number of significant"
    " digits to which any two agree. Numbers are the nearest doubles, of effect and std_error as of"
    " results. log_evidence is the log of the integral of p(tau) p(mu) prod N(y_i; mu, s_i^2 +"
    " tau^2), with density 1 for Flat() and HalfFlat() and tau^-0.5 for UniformSqrt(). lower and"
    " upper are the central 95 % interval, shortest_* the shortest, below_zero the probability of"
    " a negative value. null: the moment is infinite or does not exist."
)


def main(names: list[str]) -> None:
    if names:
        cases = [solve(case) for case in [*CASES, *LONG] if case.name in names]
        sys.stdout.write(json.dumps(cases, indent=1) + "\n")
        return
    check_known()
    with ProcessPoolExecutor() as pool:
        lines = ",\n".join(map(json.dumps, pool.map(solve, CASES)))
    text = f'{{"about": {json.dumps(ABOUT)},\n"cases": [\n{lines}\n]}}\n'
    Path(__file__).with_name("awkward.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

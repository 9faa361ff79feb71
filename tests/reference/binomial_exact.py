"""Reference posteriors of small binomial-normal and Poisson-normal models, to 12 digits and more.

Needs python-flint only (balls of 200 bits); nothing of bayesmeta is used. Writes
``binomial_exact.json`` beside this file::

    python tests/reference/binomial_exact.py [NAME ...]

with names, only those cases are computed, and the result goes to standard output.

Two arms: r1 ~ Binomial(n1, expit(p)), r2 ~ Binomial(n2, expit(q)) or r1 ~ Poisson(t1 exp(p)),
r2 ~ Poisson(t2 exp(q)); coding "half" has p = alpha_i + theta_i / 2 and q = alpha_i - theta_i / 2,
coding "treatment" p = alpha_i + theta_i and q = alpha_i; alpha_i ~ Normal(0, 10). One arm: p =
theta_i. theta_i ~ Normal(mu, tau²).

l_i(theta), the likelihood of a study with alpha_i integrated out, m_i(mu, tau), which is l_i
smoothed by a normal kernel of standard deviation tau, and the integral over mu are trapezoidal sums
on uniform grids, which converge exponentially as all functions are analytic in a strip. Below
`Rule.switch` the kernel is too narrow for the grid: there m_i is from the Taylor series of l_i, the
powers replaced by moments of the kernel. Integrals over half of the axis of mu take the sinc rule
(weights from the sine integral); tau is integrated out by Gauss-Legendre rules on panels in log
tau. Everything is computed by two rules with no node in common but zero and whole numbers, with
different limits, lengths of series and switches. All cases take about ten minutes on two cores.
"""

import datetime
import functools
import itertools
import json
import math
import sys
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from operator import mul
from pathlib import Path
from typing import NamedTuple

import flint
from flint import arb, arb_mat, arb_poly, arb_series, ctx

ctx.prec = 200
PI = arb.pi()
SQRT_2PI = (2 * PI).sqrt()
THRESHOLD = Fraction(3, 10)
"""Of the probability that tau is below."""


class Rule(NamedTuple):
    """A way to sum everything up."""

    grid: int  # points per unit of mu and theta; half of it for alpha
    order: int  # of the series
    switch: Fraction  # tau below which series are taken
    nodes: int  # of Gauss-Legendre rules
    ratio: float  # of the ends of panels
    range: Fraction  # factor of the limits of mu and theta


RULES = (
    Rule(16, 64, Fraction(10, 100), 20, 2.2, Fraction(1)),
    Rule(20, 72, Fraction(9, 100), 25, 2.0, Fraction(11, 10)),
)


class Case(NamedTuple):
    name: str
    about: str
    family: str  # binomial or poisson
    coding: str  # half, treatment or one (arm)
    treatment: list[tuple[int, float]]  # events, and patients or time
    control: list[tuple[int, float]]
    mu: str
    tau: str
    theta_limit: int  # beyond it nothing matters


def two(name, about, pairs, mu="Normal(0, 4)", tau="HalfNormal(0.5)", coding="half", limit=65,
        family="binomial"):  # fmt: skip
    treatment, control = [p[:2] for p in pairs], [p[2:] for p in pairs]
    return Case(name, about, family, coding, treatment, control, mu, tau, limit)


def one(name, about, arms, mu, tau="HalfNormal(1)", limit=65, family="binomial"):
    return Case(name, about, family, "one", arms, [], mu, tau, limit)


ORDINARY = [(7, 40, 12, 38), (15, 60, 20, 55)]
ALL_ZERO = [(0, 12, 0, 12), (0, 30, 0, 15)]
ONE_ZERO = [(0, 25, 0, 30), (4, 50, 11, 48)]
MIXED = [(0, 18, 4, 20), (9, 45, 14, 44), (3, 60, 2, 31)]
SINGLE = [(0, 20, 5, 22)]
CRINS = [
    (14, 61, 15, 20),
    (16, 28, 19, 28),
    (3, 18, 8, 12),
    (9, 54, 29, 54),
    (4, 36, 11, 36),
    (0, 50, 3, 34),
]
CASES = [
    two("single_half", "k = 1, no event in the treatment arm", SINGLE),
    two("single_treatment", "the same, coding treatment", SINGLE, coding="treatment"),
    two("ordinary_half", "k = 2", ORDINARY),
    two("ordinary_treatment", "k = 2", ORDINARY, coding="treatment"),
    two("ordinary_cauchy", "k = 2, heavy tail of tau", ORDINARY, tau="HalfCauchy(0.5)"),
    two("all_zero_half", "k = 2, no event at all", ALL_ZERO),
    two("all_zero_treatment", "k = 2, no event at all", ALL_ZERO, coding="treatment"),
    two("double_zero_half", "k = 2, one study without events", ONE_ZERO),
    two("double_zero_treatment", "the same, coding treatment", ONE_ZERO, coding="treatment"),
    two("mixed_half", "k = 3, one zero cell", MIXED),
    two("mixed_treatment", "k = 3, one zero cell", MIXED, coding="treatment"),
    two("mixed_wide", "k = 3, wider priors", MIXED, mu="Normal(0, 2)", tau="HalfNormal(1)"),
    one("one_normal", "k = 2, one arm", [(0, 10), (3, 20)], "Normal(0, 4)"),
    one("one_logistic", "k = 2, one arm", [(0, 10), (3, 20)], "Logistic(0, 1)"),
    one("one_all_zero", "k = 2, one arm, no event", [(0, 40), (0, 9)], "Logistic(0, 1)"),
    two(
        "poisson_half",
        "k = 2, one zero cell",
        [(0, 12.5, 4, 11.0), (7, 30.0, 13, 28.5)],
        family="poisson",
    ),
    one(
        "poisson_one",
        "k = 2, one arm, one zero",
        [(0, 3.25), (5, 8.5)],
        "Normal(0, 10)",
        limit=115,
        family="poisson",
    ),
    two("crins", "k = 6, Crins2014_AR", CRINS),
    two("crins_narrow", "k = 6, Crins2014_AR", CRINS, mu="Normal(0, 1)"),
]

ALPHA_SD, ALPHA_LIMIT = 10, 108
NEGLIGIBLE = arb(10) ** -60
"""Terms of a sum that are smaller against the largest are left out."""

SPAN = 2
"""Centres of series per unit."""


def exact(x):
    """A number of a case or rule as a ball of radius 0, or the smallest."""
    x = Fraction(x)
    return arb(x.numerator) / arb(x.denominator)


def parsed(expression):
    name, arguments = expression.rstrip(")").split("(")
    return name, [Fraction(float(a)) for a in arguments.split(",")]


def normal(x, sd):
    return (-((x / sd) ** 2) / 2).exp() / (sd * SQRT_2PI)


def mu_density(expression):
    """Density, for numbers and series, and where it ends."""
    name, (location, scale) = parsed(expression)
    assert location == 0
    s = exact(scale)
    if name == "Normal":
        end = Fraction(21, 2) * scale
        return lambda x: (x * x * (-1 / (2 * s * s))).exp() * (1 / (s * SQRT_2PI)), end
    assert name == "Logistic"
    assert scale == 1
    return lambda x: x.exp() / ((1 + x.exp()) * (1 + x.exp())), Fraction(52)


def tau_density(expression):
    name, (scale,) = parsed(expression)
    s = exact(scale)
    if name == "HalfNormal":
        return lambda x: 2 * normal(x, s), 12 * scale
    assert name == "HalfCauchy"
    return lambda x: 2 / (PI * s * (1 + (x / s) ** 2)), None


# --- likelihood

UNITS = {"half": (1, -1), "treatment": (2, 0), "one": (2,)}
"""What a step of theta is to the linear predictors, in half steps."""


def arm(family, events, size, u, order):
    """Probability of what was seen in an arm, as a series about the linear predictor u."""
    x = u
    if order > 1:
        ctx.cap = order
        x = arb_series([u, 1])
    if family == "binomial":
        return (events * x - size * (1 + x.exp()).log()).exp() * arb(math.comb(size, events))
    rate = exact(size)
    value = (events * x - rate * x.exp()).exp()
    return value * (rate**events / math.factorial(events))


class Likelihood:
    """l_i of a study, at multiples j of the step of theta.

    Linear predictors are multiples of half of that step, and alpha of twice of it.
    """

    def __init__(self, case, i, rule):
        self.arms = [pairs[i] for pairs in (case.treatment, case.control) if pairs]
        self.family, self.rule, self.units = case.family, rule, UNITS[case.coding]
        self.half = 2 * rule.grid
        self.size = ALPHA_LIMIT * rule.grid // 2
        h = arb(2) / rule.grid
        sd = arb(ALPHA_SD)
        self.weights = [h * normal(a * h, sd) for a in range(-self.size, self.size + 1)]

    def values(self, n):
        """At j = -n, ..., n."""
        last = 4 * self.size + n * max(map(abs, self.units))
        tables = [
            [arm(self.family, *pair, arb(u) / self.half, 1) for u in range(-last, last + 1)]
            for pair in self.arms
        ]
        if len(tables) == 1:
            return [tables[0][last + 2 * j] for j in range(-n, n + 1)]
        found = []
        for j in range(-n, n + 1):
            first, second = (
                table[last - 4 * self.size + unit * j : last + 4 * self.size + unit * j + 1 : 4]
                for table, unit in zip(tables, self.units, strict=True)
            )
            terms = map(mul, self.weights, map(mul, first, second))
            found.append(sum(terms, arb(0)))
        return found

    def series(self, j):
        """Coefficients of the Taylor series about j."""
        order = self.rule.order
        if len(self.arms) == 1:
            value = self.expanded(0, 2 * j)
        else:
            ctx.cap = order
            alphas = range(-self.size, self.size + 1)
            terms = [
                weight * self.plain(0, 4 * a + self.units[0] * j)
                * self.plain(1, 4 * a + self.units[1] * j)
                for a, weight in zip(alphas, self.weights, strict=True)
            ]  # fmt: skip
            negligible = max(t.mid() for t in terms) * NEGLIGIBLE
            value = arb_series([0])
            for a, weight, term in zip(alphas, self.weights, terms, strict=True):
                if term > negligible:
                    first, second = (self.expanded(i, 4 * a + self.units[i] * j) for i in (0, 1))
                    value += first * (second * weight)
        return [value[n] for n in range(order)]

    @functools.cache  # noqa: B019
    def plain(self, i, u):
        return arm(self.family, *self.arms[i], arb(u) / self.half, 1)

    @functools.cache  # noqa: B019
    def expanded(self, i, u):
        unit, order = self.units[i], self.rule.order
        if unit == 0:
            return arm(self.family, *self.arms[i], arb(u) / self.half, 1)
        value = arm(self.family, *self.arms[i], arb(u) / self.half, order)
        slope = arb(unit) / 2
        return arb_series([value[n] * slope**n for n in range(order)])


# --- quadrature over tau


@functools.cache
def legendre(n):
    return [arb.legendre_p_root(n, i, weight=True) for i in range(n)]


def panel(lower, upper, n):
    middle, half = (lower + upper) / 2, (upper - lower) / 2
    for x, weight in legendre(n):
        yield middle + half * x, half * weight


def taus(rule, end):
    """Nodes and weights, and whether tau is below the threshold."""
    last = end or Fraction(1000)
    ends = [rule.switch]
    while ends[-1] < last:
        ends.append(Fraction(ends[-1]) * Fraction(rule.ratio))
    ends = sorted({*(e for e in ends if e < last), last, THRESHOLD})
    for x, weight in panel(arb(0), exact(rule.switch), rule.nodes):
        yield x, weight, True
    for lower, upper in itertools.pairwise(ends):
        for x, weight in panel(exact(lower).log(), exact(upper).log(), rule.nodes):
            yield x.exp(), weight * x.exp(), upper <= THRESHOLD
    if end is None:
        for x, weight in panel(arb(0), 1 / exact(last), rule.nodes):
            yield 1 / x, weight / x**2, False


# --- a case


class Tables:
    """Studies on the grid of theta, and their series about centres on the axis of mu."""

    def __init__(self, case, rule, mu_limit):
        self.case, self.rule = case, rule
        self.h = arb(1) / rule.grid
        self.m = math.ceil(mu_limit * rule.range * rule.grid)
        self.n = max(self.m, math.ceil(case.theta_limit * rule.range * rule.grid))
        self.per = rule.grid // SPAN
        self.last = self.m // self.per + 1
        at = [j * self.h for j in range(-self.n, self.n + 1)]
        self.values, self.series = [], []
        for i in range(len(case.treatment)):
            likelihood = Likelihood(case, i, rule)
            values = likelihood.values(self.n)
            negligible = max(v.mid() for v in values) * NEGLIGIBLE**2
            values = [v if v > negligible else arb(0) for v in values]
            products = [values]
            for _ in range(2):
                products.append(list(map(mul, at, products[-1])))
            self.values.append([arb_poly(p) for p in products])
            centres = range(-self.last, self.last + 1)
            self.series.append(arb_mat([likelihood.series(c * self.per) for c in centres]))

    def smooth(self, tau):
        """By study and power of theta: its product with the likelihood, smoothed, at each mu."""
        if tau < exact(self.rule.switch):
            return self.by_series(tau)
        return self.by_sums(tau)

    def by_sums(self, tau):
        h, n, m = self.h, self.n, self.m
        reach = min(n + m, math.ceil(float(15 * tau / h)))
        side = [h * normal(j * h, tau) for j in range(reach + 1)]
        kernel = arb_poly([*reversed(side[1:]), *side])
        found = []
        for powers in self.values:
            found.append([])
            for p in powers:
                c = p * kernel
                found[-1].append([c[n + j + reach] for j in range(-m, m + 1)])
        return found

    def by_series(self, tau):
        order, per = self.rule.order, self.per
        offsets = range(-(per // 2), per - per // 2)
        columns = []
        for d in offsets:
            delta = d * self.h
            moments = [arb(1), delta]
            for n in range(2, order + 2):
                moments.append(delta * moments[-1] + (n - 1) * tau * tau * moments[-2])
            columns += [moments[power : power + order] for power in range(3)]
        kernel = arb_mat(columns).transpose()
        found = []
        for series in self.series:
            c = (series * kernel).tolist()
            lists = ([], [], [])
            for j in range(-self.m, self.m + 1):
                centre = (j + per // 2) // per
                place = 3 * (j - centre * per + per // 2)
                m0, m1, m2 = c[centre + self.last][place : place + 3]
                x = arb(centre) / SPAN
                lists[0].append(m0)
                lists[1].append(x * m0 + m1)
                lists[2].append(x * x * m0 + 2 * x * m1 + m2)
            found.append(lists)
        return found

    def at_zero(self, tau):
        """Series about mu = 0 of the smoothed likelihoods."""
        order = self.rule.order
        even = [arb(1)]
        for n in range(1, order):
            even.append(even[-1] * (2 * n - 1) * tau * tau)
        found = []
        for series in self.series:
            a = [series[self.last, n] for n in range(order)]
            found.append([
                sum((a[n] * math.comb(n, j) * even[(n - j) // 2] for n in range(j, order, 2)),
                    arb(0))
                for j in range(order // 2)
            ])  # fmt: skip
        return found


def posterior(case, rule):
    """Every number of a case, by a rule."""
    prior, limit = mu_density(case.mu)
    density, end = tau_density(case.tau)
    tables = Tables(case, rule, limit)
    h, m = tables.h, tables.m
    mu = [j * h for j in range(-m, m + 1)]
    weights = [h * prior(x) for x in mu]
    half = [arb("0.5") - (PI * j).si() / PI for j in range(-m, m + 1)]
    k = len(case.treatment)
    names = ["one", "mu", "mu2", "mu_below", "tau", "tau2", "tau_below", "new_below"]
    total = {name: arb(0) for name in names}
    theta = [[arb(0), arb(0)] for _ in range(k)]
    for tau, weight, below in taus(rule, end):
        smooth = tables.smooth(tau)
        weight = weight * density(tau)
        g = weights
        for s in smooth:
            g = [x * y for x, y in zip(g, s[0], strict=True)]
        z = sum(g, arb(0))
        total["one"] += weight * z
        total["tau"] += weight * tau * z
        total["tau2"] += weight * tau * tau * z
        total["tau_below"] += weight * z * below
        total["mu"] += weight * sum((x * y for x, y in zip(mu, g, strict=True)), arb(0))
        total["mu2"] += weight * sum((x * x * y for x, y in zip(mu, g, strict=True)), arb(0))
        negative = sum((x * y for x, y in zip(half, g, strict=True)), arb(0))
        total["mu_below"] += weight * negative
        if tau < exact(rule.switch):
            ctx.cap = rule.order // 2
            x = arb_series([0, 1])
            series = prior(x)
            for coefficients in tables.at_zero(tau):
                series = series * arb_series(coefficients)
            scale = arb(1)
            for n in range(1, rule.order // 4):
                scale = scale * tau * tau / (2 * n)
                negative += scale * math.factorial(2 * n - 1) * series[2 * n - 1]
        else:
            root = arb(2).sqrt() * tau
            negative = sum(((x / root).erfc() * y for x, y in zip(mu, g, strict=True)), arb(0)) / 2
        total["new_below"] += weight * negative
        for i in range(k):
            others = weights
            for j in range(k):
                if j != i:
                    others = [x * y for x, y in zip(others, smooth[j][0], strict=True)]
            for p in (1, 2):
                value = sum((x * y for x, y in zip(others, smooth[i][p], strict=True)), arb(0))
                theta[i][p - 1] += weight * value
    z = total["one"]
    ratio = {name: value / z for name, value in total.items()}
    out = {
        "log_evidence": z.log(),
        "mu.mean": ratio["mu"],
        "mu.sd": (ratio["mu2"] - ratio["mu"] ** 2).sqrt(),
        "mu.below_zero": ratio["mu_below"],
        "tau.mean": ratio["tau"],
        "tau.sd": (ratio["tau2"] - ratio["tau"] ** 2).sqrt(),
        "tau.below_0.3": ratio["tau_below"],
        "theta_new.mean": ratio["mu"],
        "theta_new.sd": (ratio["mu2"] + ratio["tau2"] - ratio["mu"] ** 2).sqrt(),
        "theta_new.below_zero": ratio["new_below"],
    }
    for i, (first, second) in enumerate(theta):
        mean = first / z
        out[f"theta.mean.{i}"] = mean
        out[f"theta.sd.{i}"] = (second / z - mean**2).sqrt()
    return out


def digits(a, b):
    """Significant digits to which two balls surely agree."""
    difference = abs(a - b).upper()
    if not difference > 0:
        return 50
    return int(float((abs(a).mid() / difference).log() / arb(10).log()))


def computed(case):
    results = [posterior(case, rule) for rule in RULES]
    values = results[1]
    agree = {name: digits(*(r[name] for r in results)) for name in values}
    estimates = {"mu": {}, "tau": {}, "theta_new": {}, "theta": {"mean": [], "sd": []}}
    for name, value in values.items():
        group, _, rest = name.partition(".")
        if group == "theta":
            estimates[group][rest.split(".")[0]].append(float(value))
        elif rest:
            estimates[group][rest] = float(value)
    arms = {"treatment": case.treatment, "control": case.control}
    if case.coding == "one":
        arms = {"": case.treatment}
    size = "time" if case.family == "poisson" else "total"
    data = {}
    for name, pairs in arms.items():
        suffix = f"_{name}" if name else ""
        data[f"events{suffix}"] = [p[0] for p in pairs]
        data[f"{size}{suffix}"] = [p[1] for p in pairs]
    least = {}
    for name, n in agree.items():
        key = name.rpartition(".")[0] if name.startswith("theta.") else name
        least[key] = min(n, least.get(key, 99))
    return {
        "name": case.name,
        "about": case.about,
        "family": case.family,
        "coding": None if case.coding == "one" else case.coding,
        **data,
        "alpha": None if case.coding == "one" else f"Normal(0, {ALPHA_SD})",
        "mu": case.mu,
        "tau": case.tau,
        "agreeing_digits": min(agree.values()),
        "digits": least,
        "log_evidence": float(values["log_evidence"]),
        "estimates": estimates,
    }


ABOUT = (
    "Posteriors of binomial-normal and Poisson-normal models by tests/reference/binomial_exact.py "
    "(python-flint, 200 bits), independent of bayesmeta; its text has the models. log_evidence "
    "has full probability mass functions (binomial coefficients, factorials) and proper priors. "
    "below_zero, below_0.3: probabilities to be below. theta: study effects. digits: to how many "
    "significant digits two computations with different grids, limits and switches agree, rounding "
    "errors included, by number; agreeing_digits is the least of them. Numbers are the nearest "
    "doubles."
)


def provenance():
    return {
        "python-flint": flint.__version__,
        "flint": flint.__FLINT_VERSION__,
        "bits": ctx.prec,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "rules": [{**rule._asdict(), "switch": float(rule.switch), "range": float(rule.range)}
                  for rule in RULES],
    }  # fmt: skip


def main(names):
    out = Path(__file__).with_suffix(".json")
    cases = [case for case in CASES if not names or case.name in names]
    done = []
    with ProcessPoolExecutor(2) as pool:
        for result in pool.map(computed, cases):
            done.append(json.dumps(result))
            sys.stderr.write(f"{result['name']}: {result['agreeing_digits']} digits\n")
            if not names:
                lines = ",\n".join(done)
                head = f'"about": {json.dumps(ABOUT)},\n"provenance": {json.dumps(provenance())}'
                out.write_text(f'{{{head},\n"cases": [\n{lines}\n]}}\n')
    if names:
        sys.stdout.write("\n".join(done) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])

"""Reference posteriors of hierarchical structures for normal effects, by brute force.

Needs numpy and scipy only; nothing of bayesmeta is used. Writes ``structures_exact.json`` beside
this file::

    python tests/reference/structures_exact.py FOLDER [NAME ...]

FOLDER holds metafor_moderators.json and metafor_mv.json (data sets of metadat as R wrote them); the
other data are in ``data/`` of the repository. With names, only those cases are computed, and
the others stay as they are in the file. All take some 15 minutes on two cores.

Every model is y = Z x + e, e ~ N(0, S), with independent x ~ N(0, D); D is d0 + Σ p_k² d_k for one
to three standard deviations p_k with half-normal priors. Given p everything is normal, so that a
quantity q = B x is a mixture of normals over p:

    y ~ N(0, V),  V = Z D Zᵀ + S,  C = B D Zᵀ
    q | y ~ N(C V⁻¹ y, B D Bᵀ - C V⁻¹ Cᵀ)

Composite Gauss-Legendre rules sum it up: one panel in p next to 0, panels in log p above, the
product of two where there are two. The distribution of p itself is the integral of the polynomial
through its density at the nodes of a panel. Everything is computed twice:

dense
    by the Cholesky factor of V as above; panels with ratio 2 and 16 nodes, ratio 2^⅓ for the last
    standard deviation of a model, whose distribution is narrow in some
information
    by that of I + D^½ Zᵀ S⁻¹ Z D^½, without V; panels with ratio 1.85 (1.85^⅓) and 18 nodes,
    which have no node in common with the others, and other limits

Three standard deviations, or two and a correlation, have fewer nodes. A correlation with a uniform
prior is integrated over five panels, everything else given it.

Numbers are those of the first; the largest difference to the second is written with each.
"""

import csv
import datetime
import json
import math
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import batched, combinations
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import scipy
from numpy.polynomial import legendre
from scipy.optimize import brentq
from scipy.special import gammaln, ndtr

HERE = Path(__file__).parent
PROBABILITIES = (0.025, 0.1, 0.5, 0.9, 0.975)
STATISTICS = ["mean", "sd", *map(str, PROBABILITIES)]
NEGLIGIBLE = 1e-18
"""Weight, of the largest, below which a node is left out."""
FAR = 50.0
"""Log posterior density below the largest: panels with that at their first and last nodes are left
out by `COARSE` and `CORRELATED` rules."""
BATCH = 512


# --- rules


class Rule(NamedTuple):
    nodes: int
    ratio: float  # of the ends of panels
    start: float  # end of the first panel, in ends[0] of a parameter
    end: float  # limit, in standard deviations of the prior
    dense: bool
    fine: float = 3.0  # panels of the last parameter for one of the others
    correlation: int = 0  # nodes in each of PANELS panels


RULES = (Rule(16, 2.0, 1.0, 9.5, True), Rule(18, 1.85, 0.7, 10.0, False))
COARSE = (Rule(10, 2.2, 5.0, 9.0, True, 2.3), Rule(11, 2.0, 4.0, 9.3, False, 2.2))
CORRELATED = (Rule(10, 1.7, 5.0, 9.0, True, 2.3, 7), Rule(11, 1.6, 4.0, 9.3, False, 2.1, 8))
PANELS = 5


class Axis:
    """Nodes of a parameter, and the distribution that its density at them has."""

    def __init__(self, nodes: int, edges: np.ndarray, logarithmic: bool) -> None:
        x, w = legendre.leggauss(nodes)
        self.logs = np.array([logarithmic and a > 0 for a in edges[:-1]])
        self.limits = [
            (math.log(a), math.log(b)) if log else (a, b)
            for a, b, log in zip(edges[:-1], edges[1:], self.logs, strict=True)
        ]
        self.nodes = np.concatenate([self.place(j, x) for j in range(len(self.limits))])
        widths = np.array([(b - a) / 2 for a, b in self.limits])
        slopes = np.where(np.repeat(self.logs, nodes), self.nodes, 1.0)
        self.weights = np.outer(widths, w).ravel() * slopes
        self.basis = legendre.legvander(x, nodes - 1) * w[:, None]
        self.norms = (2 * np.arange(nodes) + 1) / 2
        self.log_prior = np.zeros(len(self.nodes))

    @classmethod
    def deviation(cls, rule: Rule, scale: float, first: float, fine: bool) -> "Axis":
        """Of a standard deviation with a half-normal prior."""
        start, whole = first * rule.start, rule.end * scale / (first * rule.start)
        count = math.ceil(math.log(whole) / math.log(rule.ratio) * (rule.fine if fine else 1))
        edges = start * whole ** (np.arange(count + 1) / count)
        axis = cls(rule.nodes, np.concatenate([[0.0], edges]), True)
        axis.log_prior = math.log(2 / math.pi) / 2 - math.log(scale) - (axis.nodes / scale) ** 2 / 2
        return axis

    def place(self, j: int, x: np.ndarray | float) -> np.ndarray | float:
        a, b = self.limits[j]
        place = (a + b) / 2 + (b - a) / 2 * x
        return np.exp(place) if self.logs[j] else place

    def estimates(self, mass: np.ndarray) -> list[float]:
        """Of a distribution with these masses at the nodes."""
        mean = mass @ self.nodes
        found = [mean, math.sqrt(mass @ (self.nodes - mean) ** 2)]
        per_panel = mass.reshape(len(self.limits), -1)
        below = np.concatenate([[0], np.cumsum(per_panel.sum(axis=1))])
        for p in PROBABILITIES:
            j = int(np.searchsorted(below, p)) - 1
            weight = self.basis[:, 0]  # P_0 = 1: the weights
            series = legendre.legint(self.norms * ((per_panel[j] / weight) @ self.basis), lbnd=-1)
            x = brentq(lambda x, s=series, j=j, p=p: below[j] + legendre.legval(x, s) - p, -1, 1,
                       xtol=1e-15, rtol=1e-14)  # fmt: skip
            found.append(float(self.place(j, x)))
        return found


# --- models


class Model(NamedTuple):
    """Effects, and what they are sums of; the mean of every latent variable is 0."""

    effect: np.ndarray
    covariance: np.ndarray  # of the sampling errors
    blocks: dict[str, tuple[np.ndarray, float | str]]  # loadings of y; variance, or whose square
    quantities: dict[str, dict[str, np.ndarray]]  # loadings by block
    scales: dict[str, float]  # of the half-normal priors
    first: dict[str, float]  # end of the first panel

    def matrices(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Z, B, and rows d0, d_1, … of D."""
        Z = np.hstack([z for z, _ in self.blocks.values()])
        B = np.array([
            np.concatenate([q.get(n, np.zeros(z.shape[1])) for n, (z, _) in self.blocks.items()])
            for q in self.quantities.values()
        ])  # fmt: skip
        sizes = [z.shape[1] for z, _ in self.blocks.values()]
        of = [v for _, v in self.blocks.values()]
        D = [np.repeat([0.0 if isinstance(v, str) else v for v in of], sizes)]
        D += [np.repeat([float(v == name) for v in of], sizes) for name in self.scales]
        return Z, B, np.array(D)


def dense(model: Model, squares: np.ndarray, moments: bool):
    """Log likelihood, and means and variances of the quantities, for each row of `squares`."""
    Z, B, D = model.matrices()
    n = len(model.effect)
    variances = squares @ D
    V = np.tensordot(squares, [(Z * d) @ Z.T for d in D], 1) + model.covariance
    L = np.linalg.cholesky(V)
    half = np.linalg.solve(L, np.broadcast_to(model.effect[:, None], (len(L), n, 1)))[..., 0]
    log_det = 2 * np.log(np.diagonal(L, axis1=1, axis2=2)).sum(axis=1)
    log_likelihood = -0.5 * ((half**2).sum(axis=1) + log_det + n * math.log(2 * math.pi))
    if not moments:
        return log_likelihood, None, None
    C = np.einsum("qm,bm,im->biq", B, variances, Z, optimize=True)
    H = np.linalg.solve(L, C)
    means = np.einsum("biq,bi->bq", H, half)
    return log_likelihood, means, variances @ (B**2).T - (H**2).sum(axis=1)


def information(model: Model, squares: np.ndarray, moments: bool):
    """The same without the covariance matrix of the effects."""
    Z, B, D = model.matrices()
    n = len(model.effect)
    root = np.sqrt(squares @ D)
    W = np.linalg.inv(model.covariance)
    P = root[:, :, None] * (Z.T @ W @ Z) * root[:, None, :] + np.eye(Z.shape[1])
    h = root * (Z.T @ W @ model.effect)
    log_det = np.linalg.slogdet(P)[1] + np.linalg.slogdet(model.covariance)[1]
    inverse = np.linalg.inv(P) if moments else None
    x = np.einsum("bij,bj->bi", inverse, h) if moments else np.linalg.solve(P, h[..., None])[..., 0]
    quadratic = model.effect @ W @ model.effect - (h * x).sum(axis=1)
    log_likelihood = -0.5 * (quadratic + log_det + n * math.log(2 * math.pi))
    if not moments:
        return log_likelihood, None, None
    loadings = B * root[:, None, :]
    return (
        log_likelihood,
        np.einsum("bqm,bm->bq", loadings, x),
        np.einsum("bqm,bqm->bq", loadings @ inverse, loadings),
    )


class Mixture(NamedTuple):
    """Posterior of a model by a rule."""

    log_evidence: float
    weights: np.ndarray
    means: np.ndarray  # node, quantity
    variances: np.ndarray
    parameters: dict[str, tuple[Axis, np.ndarray]]  # and probabilities of their nodes

    def deviations(self) -> dict[str, list[float]]:
        return {name: axis.estimates(mass) for name, (axis, mass) in self.parameters.items()}


def near(axes, nodes, shape, fill, log_mass) -> np.ndarray:
    """Nodes of panels that are not `FAR` from the largest log density at their corners."""
    corner = np.arange(nodes) % (nodes - 1) == 0
    corners = np.ones(shape, bool)
    for j, axis in enumerate(axes):
        along = np.tile(corner, len(axis.limits))
        corners &= along.reshape([-1 if k == j else 1 for k in range(len(axes))])
    fill(np.flatnonzero(corners))
    split = [n for axis in axes for n in (len(axis.limits), nodes)]
    inner = tuple(range(1, len(split), 2))
    best = log_mass.reshape(split).max(axis=inner, keepdims=True)
    return np.flatnonzero(np.broadcast_to(best > best.max() - FAR, split))


def mixture(model: Model, rule: Rule) -> Mixture:
    last = list(model.scales)[-1]
    axes = [Axis.deviation(rule, s, model.first[n], n == last) for n, s in model.scales.items()]
    shape = [len(a.nodes) for a in axes]
    grid = np.meshgrid(*[a.nodes for a in axes], indexing="ij")
    squares = np.column_stack([np.ones(math.prod(shape)), *[g.ravel() ** 2 for g in grid]])
    measure = sum(np.meshgrid(*[a.log_prior + np.log(a.weights) for a in axes], indexing="ij"))
    compute = dense if rule.dense else information
    log_mass = np.full(len(squares), -np.inf)

    def fill(wanted: np.ndarray) -> None:
        for b in range(0, len(wanted), BATCH):
            now = wanted[b : b + BATCH]
            log_mass[now] = compute(model, squares[now], moments=False)[0] + measure.ravel()[now]

    if rule not in RULES:
        fill(near(axes, rule.nodes, shape, fill, log_mass))
    else:
        fill(np.arange(len(squares)))
    largest = log_mass.max()
    mass = np.exp(log_mass - largest)
    total = mass.sum()
    kept = np.flatnonzero(mass > NEGLIGIBLE)
    parts = [
        compute(model, squares[kept[b : b + BATCH]], moments=True)[1:]
        for b in range(0, len(kept), BATCH)
    ]
    means, variances = (np.concatenate(p) for p in zip(*parts, strict=True))
    by_axis = (mass / total).reshape(shape)
    parameters = {
        name: (axis, by_axis.sum(axis=tuple(k for k in range(len(axes)) if k != j)))
        for j, (name, axis) in enumerate(zip(model.scales, axes, strict=True))
    }
    return Mixture(largest + math.log(total), mass[kept] / total, means, variances, parameters)


def normal_mixture(weights: np.ndarray, means: np.ndarray, variances: np.ndarray) -> list[float]:
    mean = weights @ means
    sd = math.sqrt(weights @ (variances + (means - mean) ** 2))
    sds = np.sqrt(variances)
    found = [float(mean), sd]
    for p in PROBABILITIES:
        lower, upper = mean - 40 * sd, mean + 40 * sd
        root = brentq(lambda x, p=p: weights @ ndtr((x - means) / sds) - p, lower, upper,
                      xtol=1e-14, rtol=1e-14)  # fmt: skip
        found.append(float(root))
    return found


# --- blocks of models


def indicator(labels: list) -> tuple[list, np.ndarray]:
    levels = list(dict.fromkeys(labels))
    return levels, np.array([[float(a == b) for b in levels] for a in labels])


class Builder:
    """Collects blocks and quantities; `theta` and contrasts follow from them."""

    def __init__(self, effect, covariance, scales, first=0.004) -> None:
        self.effect = np.array(effect, float)
        covariance = np.array(covariance, float)
        self.covariance = np.diag(covariance) if covariance.ndim == 1 else covariance
        self.scales = dict.fromkeys(scales, 0.5)
        self.first = {name: 1e-4 if name == "omega" else first for name in scales}
        self.blocks, self.quantities = {}, {}

    def block(self, name, loadings, variance):
        self.blocks[name] = (np.array(loadings, float).reshape(len(self.effect), -1), variance)

    def unseen(self, name, variance):
        self.block(name, np.zeros((len(self.effect), 1)), variance)

    def quantity(self, name, **loadings):
        self.quantities[name] = {k: np.atleast_1d(np.array(v, float)) for k, v in loadings.items()}

    def contrasts(self, prefix, levels):
        for a, b in combinations(levels, 2):
            first, second = self.quantities[f"{prefix}[{a}]"], self.quantities[f"{prefix}[{b}]"]
            self.quantities[f"contrast[{b} - {a}]"] = {
                k: second.get(k, 0) - first.get(k, 0) for k in {**first, **second}
            }

    def model(self) -> Model:
        for i in range(len(self.effect)):
            self.quantities[f"theta[{i}]"] = {n: z[i] for n, (z, _) in self.blocks.items()}
        return Model(self.effect, self.covariance, self.blocks, self.quantities, self.scales,
                     self.first)  # fmt: skip


def independent(effect, variance, labels) -> Model:
    levels, Z = indicator(labels)
    b = Builder(effect, variance, ["tau"])
    b.block("m", Z, 4.0)
    b.block("w", np.eye(len(effect)), "tau")
    b.unseen("w_new", "tau")
    for level, row in zip(levels, np.eye(len(levels)), strict=True):
        b.quantity(f"mu[{level}]", m=row)
        b.quantity(f"theta_new[{level}]", m=row, w_new=1)
    b.contrasts("mu", levels)
    return b.model()


def exchangeable(effect, variance, labels, common=False) -> Model:
    levels, Z = indicator(labels)
    b = Builder(effect, variance, ["omega"] if common else ["omega", "tau"])
    b.block("m", np.ones(len(effect)), 4.0)
    b.block("d", Z, "omega")
    b.unseen("d_new", "omega")
    if not common:
        b.block("w", np.eye(len(effect)), "tau")
        b.unseen("w_new", "tau")
    new = {} if common else {"w_new": 1}
    b.quantity("mu_overall", m=1)
    b.quantity("mu_new_subgroup", m=1, d_new=1)
    if not common:
        b.quantity("theta_new_of_new_subgroup", m=1, d_new=1, w_new=1)
    for level, row in zip(levels, np.eye(len(levels)), strict=True):
        b.quantity(f"mu[{level}]", m=1, d=row)
        if not common:
            b.quantity(f"theta_new[{level}]", m=1, d=row, **new)
    b.contrasts("mu", levels)
    return b.model()


def regression(effect, variance, terms, variances, at) -> Model:
    """`terms`: columns by name; `at`: rows of values of them, by label."""
    b = Builder(effect, variance, ["tau"])
    b.block("m", np.ones(len(effect)), 4.0)
    for name, column in terms.items():
        b.block(f"b_{name}", column, variances[name])
    b.block("w", np.eye(len(effect)), "tau")
    b.unseen("w_new", "tau")
    b.quantity("mu", m=1)
    b.quantity("theta_new", m=1, w_new=1)
    for name in terms:
        b.quantity(f"beta[{name}]", **{f"b_{name}": 1})
    for label, row in at.items():
        there = {f"b_{name}": value for name, value in zip(terms, row, strict=True)}
        b.quantity(f"mu_at[{label}]", m=1, **there)
        b.quantity(f"theta_new_at[{label}]", m=1, w_new=1, **there)
    return b.model()


def nested(effect, covariance, clusters) -> Model:
    levels, Z = indicator(clusters)
    b = Builder(effect, covariance, ["tau", "tau_within"])
    b.block("m", np.ones(len(effect)), 4.0)
    b.block("u", Z, "tau")
    b.block("w", np.eye(len(effect)), "tau_within")
    b.unseen("u_new", "tau")
    b.unseen("w_new", "tau_within")
    b.quantity("mu", m=1)
    b.quantity("theta_new", m=1, u_new=1, w_new=1)
    b.quantity("cluster_new", m=1, u_new=1)
    for level, row in zip(levels, np.eye(len(levels)), strict=True):
        b.quantity(f"cluster[{level}]", m=1, u=row)
    return b.model()


def random_walk(effect, covariance, times, clusters=None) -> Model:
    """With `clusters`: effects of a cluster share a deviation, tau between, tau_within inside."""
    levels = sorted(set(times))
    gaps = np.diff(levels)
    steps = np.sqrt(gaps / gaps.mean())
    paths = np.array([[s * (j < k) for j, s in enumerate(steps)] for k in range(len(levels))])
    within = ["tau"] if clusters is None else ["tau", "tau_within"]
    b = Builder(effect, covariance, ["omega", *within])
    b.block("f", np.ones(len(effect)), 4.0)
    b.block("steps", [paths[levels.index(t)] for t in times], "omega")
    b.block("w", np.eye(len(effect)), within[-1])
    b.unseen("w_new", within[-1])
    new = {"w_new": 1}
    if clusters is not None:
        b.block("u", indicator(clusters)[1], "tau")
        b.unseen("u_new", "tau")
        new["u_new"] = 1
    for level, path in zip(levels, paths, strict=True):
        b.quantity(f"mu[{level}]", f=1, steps=path)
        b.quantity(f"theta_new[{level}]", f=1, steps=path, **new)
    b.contrasts("mu", levels)
    return b.model()


def common_mean(effect, covariance) -> Model:
    b = Builder(effect, covariance, ["tau"])
    b.block("m", np.ones(len(effect)), 4.0)
    b.block("w", np.eye(len(effect)), "tau")
    b.unseen("w_new", "tau")
    b.quantity("mu", m=1)
    b.quantity("theta_new", m=1, w_new=1)
    return b.model()


# --- data


def smd(row: dict) -> tuple[float, float]:
    """Bias-corrected standardised mean difference and variance, as metafor's escalc has it."""
    n1, m1, s1, n2, m2, s2 = (float(row[k + a]) for a in "12" for k in ("n", "mean", "sd"))
    pooled = math.sqrt(((n1 - 1) * s1**2 + (n2 - 1) * s2**2) / (n1 + n2 - 2))
    half = (n1 + n2 - 2) / 2
    g = math.exp(gammaln(half) - gammaln(half - 0.5)) / math.sqrt(half) * (m1 - m2) / pooled
    return g, 1 / n1 + 1 / n2 + g**2 / (2 * (n1 + n2))


def check_smd() -> float:
    """Largest relative difference to escalc."""
    stored = json.loads((HERE / "escalc.json").read_text())
    worst = 0.0
    for entry in stored["entries"]:
        if entry["measure"] != "SMD" or entry["options"] or "vtype" in entry["call"]:
            continue
        raw = stored["raw"][entry["dataset"]]
        names = {"n1": "n1i", "mean1": "m1i", "sd1": "sd1i", "n2": "n2i", "mean2": "m2i",
                 "sd2": "sd2i"}  # fmt: skip
        for i, expected in enumerate(zip(entry["yi"], entry["vi"], strict=True)):
            found = smd({k: raw[entry["args"][v]][i] for k, v in names.items()})
            worst = max(worst, *(abs(a / b - 1) for a, b in zip(found, expected, strict=True)))
    assert worst < 1e-12
    return worst


def pain(keep) -> dict:
    """Effects of the pain rows of msc_oa_smd.csv that `keep` takes."""
    with (HERE.parents[1] / "data" / "msc_oa_smd.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["outcome"] == "pain" and keep(r)]
    found = [smd(r) for r in rows]
    return {
        "study": [r["study"] for r in rows],
        "tissue_source": [r["tissue_source"] for r in rows],
        "months": [int(r["months"]) for r in rows],
        "effect": [g for g, _ in found],
        "variance": [v for _, v in found],
    }


def blocks_of(variance, cluster, rho) -> np.ndarray:
    s, same = np.sqrt(variance), np.equal.outer(cluster, cluster)
    return np.where(same, rho, 0.0) * np.outer(s, s) + (1 - rho) * np.diag(variance)


def read_data(folder: Path) -> dict[str, dict]:
    moderators = json.loads((folder / "metafor_moderators.json").read_text())["datasets"]
    several = json.loads((folder / "metafor_mv.json").read_text())["datasets"]
    bcg = moderators["dat.bcg"]["data"]
    konst, assink = several["konstantopoulos2011"]["data"], several["assink2016"]["data"]
    berkey = several["berkey1998"]
    return {
        "bcg": {
            "about": "dat.bcg of metadat: log risk ratios; columns ablat, alloc",
            "effect": bcg["yi"], "variance": bcg["vi"], "ablat": bcg["ablat"],
            "alloc": bcg["alloc"],
        },
        "oa_pain": {
            "about": "data/msc_oa_smd.csv, outcome 'pain' and primary 'yes': SMD by escalc's "
            "formula, MSC minus control",
            **pain(lambda r: r["primary"] == "yes"),
        },
        "oa_pain_times": {
            "about": "data/msc_oa_smd.csv, outcome 'pain', cell_type with 'cultured' in it, any "
            "comparator, months 3, 6 or 12: SMD as in oa_pain",
            **pain(lambda r: "cultured" in r["cell_type"] and r["months"] in ("3", "6", "12")),
        },
        "konstantopoulos": {
            "about": "dat.konstantopoulos2011 of metadat: schools in districts",
            "effect": konst["yi"], "variance": konst["vi"], "cluster": konst["district"],
        },
        "assink": {
            "about": "dat.assink2016 of metadat: effects in studies",
            "effect": assink["yi"], "variance": assink["vi"], "cluster": assink["study"],
        },
        "berkey": {
            "about": "dat.berkey1998 of metadat, taken as ten effects with one mean; covariance: "
            "of their errors",
            "effect": berkey["data"]["yi"],
            "variance": berkey["data"]["vi"],
            "covariance": v["values"] if isinstance(v := berkey["V"], dict) else v,
        },
    }  # fmt: skip


# --- cases


class Case(NamedTuple):
    name: str
    data: str
    about: str
    priors: dict[str, str]
    model: Model


NORMAL, HALF = "Normal(0, 2)", "HalfNormal(0.5)"


def cases(data: dict[str, dict]) -> list[Case]:
    bcg, oa, times = data["bcg"], data["oa_pain"], data["oa_pain_times"]
    konst, assink, berkey = data["konstantopoulos"], data["assink"], data["berkey"]
    two = {"mu": NORMAL, "omega": HALF, "tau": HALF}
    found = []
    add = lambda *args: found.append(Case(*args))  # noqa: E731
    exch = "mu_g ~ N(mu_overall, omega²)"
    for name, d, column in (("bcg", bcg, "alloc"), ("oa_pain", oa, "tissue_source")):
        where = (d["effect"], d["variance"], d[column])
        add(f"independent_{name}", name,
            f"subgroups by {column}: theta_i ~ N(mu_g, tau²), mu_g independent, one tau",
            {"mu": NORMAL, "tau": HALF}, independent(*where))  # fmt: skip
        add(f"exchangeable_{name}", name,
            f"subgroups by {column}: theta_i ~ N(mu_g, tau²), {exch}, one tau", two,
            exchangeable(*where))  # fmt: skip
        add(f"exchangeable_common_{name}", name,
            f"subgroups by {column}: theta_i = mu_g, {exch}",
            {"mu": NORMAL, "omega": HALF}, exchangeable(*where, common=True))  # fmt: skip
    ablat = np.array(bcg["ablat"], float)
    centred = ablat - ablat.mean()
    dummies = {a: np.array([float(x == a) for x in bcg["alloc"]]) for a in ("random", "systematic")}
    at = {x: float(x) - ablat.mean() for x in ("10", "30", "50")}
    where = (bcg["effect"], bcg["variance"])
    add("regression_bcg", "bcg",
        "theta_i ~ N(mu + beta (ablat_i - mean ablat), tau²)",
        {"mu": NORMAL, "beta[ablat]": "Normal(0, 0.1)", "tau": HALF},
        regression(*where, {"ablat": centred}, {"ablat": 0.1**2},
                   {f"ablat={k}": [v] for k, v in at.items()}))  # fmt: skip
    terms = {"ablat": centred, **{f"alloc={a}": v for a, v in dummies.items()}}
    rows = {f"ablat={k}, alloc={a}": [v, float(a == "random"), float(a == "systematic")]
            for k, v in at.items() for a in ("alternate", "random", "systematic")}  # fmt: skip
    for suffix, sd in (("", 1.0), ("_narrow", 0.1)):
        add(f"regression_alloc{suffix}_bcg", "bcg",
            "theta_i ~ N(mu + beta_1 (ablat_i - mean ablat) + beta_2 [alloc_i = random] + beta_3 "
            "[alloc_i = systematic], tau²): the reference is 'alternate', indicators are not "
            "centred, so mu is of 'alternate' at the mean of ablat",
            {"mu": NORMAL, "beta[ablat]": "Normal(0, 0.1)",
             **{f"beta[alloc={a}]": f"Normal(0, {sd:g})" for a in dummies}, "tau": HALF},
            regression(*where, terms, {t: 0.01 if t == "ablat" else sd**2 for t in terms},
                       rows))  # fmt: skip
    nest = {"mu": NORMAL, "tau": HALF, "tau_within": HALF}
    about = "theta_ij = mu + u_i + w_ij, u_i ~ N(0, tau²) of a cluster, w_ij ~ N(0, tau_within²)"
    errors = "; sampling errors in a cluster have correlation 0.6, covariance 0.6 s_i s_j"
    correlated = blocks_of(assink["variance"], assink["cluster"], 0.6)
    add("nested_konstantopoulos", "konstantopoulos", about, nest,
        nested(konst["effect"], konst["variance"], konst["cluster"]))  # fmt: skip
    add("nested_rho_assink", "assink", about + errors, nest,
        nested(assink["effect"], correlated, assink["cluster"]))  # fmt: skip
    where = (times["effect"], times["variance"], times["months"])
    add("random_walk_oa_pain", "oa_pain_times",
        "theta_i ~ N(f_k(i), tau²), independent rows; f at months 3, 6, 12: f_3 ~ N(0, 2²), steps "
        "f_6 - f_3 ~ N(0, omega² 3 / 4.5), f_12 - f_6 ~ N(0, omega² 6 / 4.5); mu[t] is f_t",
        two, random_walk(*where))  # fmt: skip
    add("random_walk_nested_oa_pain", "oa_pain_times",
        "theta_it = f_t + u_i + w_it of study i at month t, f as in random_walk_oa_pain, u_i ~ "
        "N(0, tau²), w_it ~ N(0, tau_within²); sampling errors of a study have correlation 0.5, "
        "covariance 0.5 s_i s_j; mu[t] is f_t, theta_new[t] is f_t + u_new + w_new",
        {**two, "tau_within": HALF},
        random_walk(times["effect"], blocks_of(times["variance"], times["study"], 0.5),
                    times["months"], times["study"]))  # fmt: skip
    add("free_times_oa_pain", "oa_pain_times",
        "theta_i ~ N(mu_k(i), tau²), independent rows, independent means of months 3, 6, 12",
        {"mu": NORMAL, "tau": HALF}, independent(*where))  # fmt: skip
    months = np.array(times["months"], float)
    add("linear_times_oa_pain", "oa_pain_times",
        "theta_i ~ N(mu + beta (months_i - mean months), tau²), independent rows, the mean over "
        "rows",
        {"mu": NORMAL, "beta[months]": "Normal(0, 0.1)", "tau": HALF},
        regression(*where[:2], {"months": months - months.mean()}, {"months": 0.01},
                   {f"months={t}": [t - months.mean()] for t in (3, 6, 12)}))  # fmt: skip
    one = {"mu": NORMAL, "tau": HALF}
    add("covariance_berkey", "berkey",
        "theta_i ~ N(mu, tau²) independent; the covariance of sampling errors is that of the data",
        one, common_mean(berkey["effect"], berkey["covariance"]))  # fmt: skip
    add("covariance_assink", "assink",
        "theta_i ~ N(mu, tau²) independent, also in a cluster" + errors, one,
        common_mean(assink["effect"], correlated))  # fmt: skip
    return found


def summary(model: Model, rule: Rule) -> tuple[float, dict[str, list[float]]]:
    return of_mixture(model, mixture(model, rule))


def of_mixture(model: Model, m: Mixture) -> tuple[float, dict[str, list[float]]]:
    estimates = m.deviations()
    for j, name in enumerate(model.quantities):
        estimates[name] = normal_mixture(m.weights, m.means[:, j], m.variances[:, j])
    return m.log_evidence, estimates


def separate_taus(data: dict, column: str, rule: Rule) -> tuple[float, dict[str, list[float]]]:
    """A tau for each subgroup: subgroups are independent, contrasts are products of mixtures."""
    levels, Z = indicator(data[column])
    log_evidence, estimates, kept = 0.0, {}, {}
    for g, level in enumerate(levels):
        inside = np.flatnonzero(Z[:, g])
        model = common_mean(np.array(data["effect"])[inside], np.array(data["variance"])[inside])
        m = mixture(model, rule)
        log_evidence += m.log_evidence
        estimates[f"tau[{level}]"] = m.deviations()["tau"]
        for j, name in enumerate(model.quantities):
            row = normal_mixture(m.weights, m.means[:, j], m.variances[:, j])
            if name.startswith("theta["):
                estimates[f"theta[{inside[int(name[6:-1])]}]"] = row
            else:
                estimates[f"{name}[{level}]"] = row
        kept[level] = m.weights, m.means[:, 0], m.variances[:, 0]
    for a, b in combinations(levels, 2):
        (w1, m1, v1), (w2, m2, v2) = kept[a], kept[b]
        estimates[f"contrast[{b} - {a}]"] = normal_mixture(
            np.outer(w2, w1).ravel(),
            np.subtract.outer(m2, m1).ravel(),
            np.add.outer(v2, v1).ravel(),
        )
    order = [n for n in estimates if not n.startswith("theta[")]
    order += [f"theta[{i}]" for i in range(len(Z))]
    return log_evidence, {n: estimates[n] for n in order}


def with_correlation(data: dict, rule: Rule) -> tuple[float, dict[str, list[float]]]:
    """Nested effects whose sampling errors have a correlation with a uniform prior."""
    axis = Axis(rule.correlation, np.linspace(0, 1, PANELS + 1), False)
    parts = []
    for rho in axis.nodes:
        covariance = blocks_of(data["variance"], data["cluster"], rho)
        model = nested(data["effect"], covariance, data["cluster"])
        parts.append(mixture(model, rule))
    logs = np.array([m.log_evidence for m in parts]) + np.log(axis.weights)
    mass = np.exp(logs - logs.max())
    log_evidence = logs.max() + math.log(mass.sum())
    mass /= mass.sum()
    parameters = {
        name: (a, sum(p * m.parameters[name][1] for p, m in zip(mass, parts, strict=True)))
        for name, (a, _) in parts[0].parameters.items()
    }
    weights = np.concatenate([p * m.weights for p, m in zip(mass, parts, strict=True)])
    kept = weights > NEGLIGIBLE
    whole = Mixture(
        log_evidence,
        weights[kept],
        np.concatenate([m.means for m in parts])[kept],
        np.concatenate([m.variances for m in parts])[kept],
        {"rho": (axis, mass), **parameters},
    )
    return of_mixture(model, whole)


def compared(name, data, about, priors, results) -> dict:
    (evidence, estimates), (other_evidence, others) = results
    differences = {
        q: max(abs(a - b) for a, b in zip(row, others[q], strict=True)) / row[1]
        for q, row in estimates.items()
    }
    worst = max(*differences.values(), abs(evidence - other_evidence))
    plain = {q: row for q, row in estimates.items() if not q.startswith("theta[")}
    theta = [q for q in estimates if q.startswith("theta[")]
    return {
        "name": name, "data": data, "about": about, "priors": priors, "log_evidence": evidence,
        "log_evidence_difference": abs(evidence - other_evidence),
        "agreeing_digits": math.floor(-math.log10(worst)),
        "estimates": plain, "theta": [estimates[q] for q in theta],
        "differences": {**{q: float(f"{differences[q]:.1e}") for q in plain},
                        "theta": float(f"{max(differences[q] for q in theta):.1e}")},
    }  # fmt: skip


def run(task) -> tuple[tuple[str, str, str, dict], tuple[float, dict[str, list[float]]]]:
    """A case by one of the rules, with its data, description and priors."""
    folder, name, which = task
    data = read_data(folder)
    if name == "separate_bcg":
        about = (
            "subgroups by alloc: theta_i ~ N(mu_g, tau_g²), mu_g and tau_g independent; that is an "
            "analysis of each subgroup on its own"
        )
        result = separate_taus(data["bcg"], "alloc", RULES[which])
        return (name, "bcg", about, {"mu": NORMAL, "tau": HALF}), result
    if name == "nested_rho_prior_assink":
        about = (
            "theta_ij = mu + u_i + w_ij, u_i ~ N(0, tau²) of a cluster, w_ij ~ N(0, tau_within²); "
            "sampling errors in a cluster have correlation rho, covariance rho s_i s_j"
        )
        priors = {"mu": NORMAL, "tau": HALF, "tau_within": HALF, "rho": "Uniform(0, 1)"}
        result = with_correlation(data["assink"], CORRELATED[which])
        return (name, "assink", about, priors), result
    case = next(c for c in cases(data) if c.name == name)
    rules = COARSE if len(case.model.scales) == 3 else RULES
    return case[:4], summary(case.model, rules[which])


ABOUT = (
    "Posteriors of hierarchical structures for normal effects by "
    "tests/reference/structures_exact.py (numpy in doubles), independent of bayesmeta: explicit "
    "multivariate normal likelihoods, composite Gauss-Legendre quadrature over the "
    "standard deviations. effect: y_i ~ N(theta_i, variance_i) unless a case says that errors are"
    " correlated; Normal(m, s) and HalfNormal(s) have standard deviations. estimates and theta "
    "hold the statistics of `statistics`, numbers among which are probabilities of quantiles; "
    "theta is in the order of the data, theta_new a new true effect (of a subgroup, at a time), "
    "mu_overall the mean of the subgroup means, mu_new_subgroup the mean of a new subgroup, "
    "theta_new_of_new_subgroup a true effect in it; cluster: mu + u_i, cluster_new that of a new "
    "one; contrast[b - a]: mu[b] - mu[a]. log_evidence has all constants. differences: the "
    "largest difference of the statistics between two computations (other algebra, nodes, "
    "limits), in posterior sd; agreeing_digits is -log10 of the largest, rounded down, "
    "log_evidence included as an absolute difference."
)


def main() -> None:
    folder, *only = sys.argv[1:]
    data = read_data(Path(folder))
    error = check_smd()
    target = HERE / "structures_exact.json"
    names = [c.name for c in cases(data)] + ["separate_bcg", "nested_rho_prior_assink"]
    chosen = [n for n in names if not only or n in only]
    # the longest first
    chosen.sort(key=lambda n: ("nested" not in n, "walk" not in n))
    with ProcessPoolExecutor(2) as pool:
        found = {c["name"]: c for c in json.loads(target.read_text())["cases"]} if only else {}
        tasks = [(Path(folder), n, which) for n in chosen for which in (0, 1)]
        for (about, first), (_, second) in batched(pool.map(run, tasks), 2):
            result = compared(*about, [first, second])
            found[result["name"]] = result
            sys.stderr.write(f"{result['name']}: {result['agreeing_digits']} digits\n")
    head = {
        "about": ABOUT,
        "provenance": {
            "python": sys.version.split()[0], "numpy": np.__version__, "scipy": scipy.__version__,
            "date": str(datetime.date.today()),
            "rules": [r._asdict() for r in RULES + COARSE + CORRELATED],
            "smd_against_escalc": float(f"{error:.1e}"),
            "command": "python tests/reference/structures_exact.py FOLDER",
        },
        "statistics": STATISTICS,
    }  # fmt: skip
    line = lambda value: json.dumps(value, ensure_ascii=False)  # noqa: E731
    text = ["{"]
    text += [f"{json.dumps(k)}: {line(v)}," for k, v in head.items()]
    text += ['"data": {', ",\n".join(f"{json.dumps(k)}: {line(v)}" for k, v in data.items()), "},"]
    text += ['"cases": [', ",\n".join(line(found[n]) for n in names if n in found), "]", "}"]
    result = "\n".join(text) + "\n"
    target.write_text(result, encoding="utf-8")


if __name__ == "__main__":
    main()

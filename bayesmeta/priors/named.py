"""Distributions by PyMC's names, and expressions such as ``HalfNormal(0.5)``.

To add a family is one `Family` in `FAMILIES`.
"""

import ast
import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from scipy.special import (
    gammainccinv,
    gammaincinv,
    gammaln,
    ndtri,
    stdtrit,
    xlogy,
)

from bayesmeta.errors import PriorError, did_you_mean
from bayesmeta.priors.base import Family, Floats, Prior

__all__ = ["FAMILIES", "parse_prior", "restore"]

_MAX_LENGTH = 200
_LOG_2PI = math.log(2 * math.pi)


def _where(inside: np.ndarray, value: Floats) -> Floats:
    return np.where(inside, value, -np.inf)


def _normal(x: Floats, mu: float, sigma: float) -> Floats:
    return -0.5 * ((x - mu) / sigma) ** 2 - math.log(sigma) - 0.5 * _LOG_2PI


def _student(x: Floats, nu: float, mu: float, sigma: float) -> Floats:
    constant = gammaln((nu + 1) / 2) - gammaln(nu / 2) - 0.5 * math.log(nu * math.pi)
    tail = np.log1p(((x - mu) / sigma) ** 2 / nu)
    return constant - math.log(sigma) - (nu + 1) / 2 * tail


def _cauchy(x: Floats, alpha: float, beta: float) -> Floats:
    return -math.log(math.pi * beta) - np.log1p(((x - alpha) / beta) ** 2)


def _lognormal(x: Floats, mu: float, sigma: float) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.log(x)
        return _where(x > 0, _normal(log, mu, sigma) - log)


def _gamma(x: Floats, alpha: float, beta: float) -> Floats:
    with np.errstate(invalid="ignore"):
        density = alpha * math.log(beta) - gammaln(alpha) + xlogy(alpha - 1, x) - beta * x
    return _where(x >= 0, density)


def _inverse_gamma(x: Floats, alpha: float, beta: float) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        density = alpha * math.log(beta) - gammaln(alpha) - (alpha + 1) * np.log(x) - beta / x
    return _where(x > 0, density)


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        family.name: family
        for family in (
            Family(
                name="Normal",
                arguments={"mu": 0.0, "sigma": None},
                positive=("sigma",),
                logpdf=_normal,
                ppf=lambda q, mu, sigma: mu + sigma * ndtri(q),
            ),
            Family(
                name="HalfNormal",
                arguments={"sigma": None},
                positive=("sigma",),
                logpdf=lambda x, sigma: _where(x >= 0, math.log(2) + _normal(x, 0, sigma)),
                ppf=lambda q, sigma: sigma * ndtri((1 + q) / 2),
                lower=0.0,
            ),
            Family(
                name="StudentT",
                arguments={"nu": None, "mu": 0.0, "sigma": 1.0},
                positive=("nu", "sigma"),
                logpdf=_student,
                ppf=lambda q, nu, mu, sigma: mu + sigma * stdtrit(nu, q),
            ),
            Family(
                name="HalfStudentT",
                arguments={"nu": None, "sigma": 1.0},
                positive=("nu", "sigma"),
                logpdf=lambda x, nu, sigma: _where(x >= 0, math.log(2) + _student(x, nu, 0, sigma)),
                ppf=lambda q, nu, sigma: sigma * stdtrit(nu, (1 + q) / 2),
                lower=0.0,
            ),
            Family(
                name="Cauchy",
                arguments={"alpha": None, "beta": None},
                positive=("beta",),
                logpdf=_cauchy,
                ppf=lambda q, alpha, beta: alpha + beta * np.tan(math.pi * (q - 0.5)),
            ),
            Family(
                name="HalfCauchy",
                arguments={"beta": None},
                positive=("beta",),
                logpdf=lambda x, beta: _where(x >= 0, math.log(2) + _cauchy(x, 0, beta)),
                ppf=lambda q, beta: beta * np.tan(math.pi * q / 2),
                lower=0.0,
            ),
            Family(
                name="Exponential",
                arguments={"lam": None},
                positive=("lam",),
                logpdf=lambda x, lam: _where(x >= 0, math.log(lam) - lam * x),
                ppf=lambda q, lam: -np.log1p(-q) / lam,
                lower=0.0,
            ),
            Family(
                name="LogNormal",
                arguments={"mu": 0.0, "sigma": None},
                positive=("sigma",),
                logpdf=_lognormal,
                ppf=lambda q, mu, sigma: np.exp(mu + sigma * ndtri(q)),
                lower=0.0,
            ),
            Family(
                name="Gamma",
                arguments={"alpha": None, "beta": None},
                positive=("alpha", "beta"),
                logpdf=_gamma,
                ppf=lambda q, alpha, beta: gammaincinv(alpha, q) / beta,
                lower=0.0,
            ),
            Family(
                name="InverseGamma",
                arguments={"alpha": None, "beta": None},
                positive=("alpha", "beta"),
                logpdf=_inverse_gamma,
                ppf=lambda q, alpha, beta: beta / gammainccinv(alpha, q),
                lower=0.0,
            ),
            Family(
                name="Uniform",
                arguments={"lower": None, "upper": None},
                logpdf=lambda x, lower, upper: _where(
                    (x >= lower) & (x <= upper), np.full(x.shape, -math.log(upper - lower))
                ),
                ppf=lambda q, lower, upper: lower + (upper - lower) * q,
            ),
            Family(
                name="Flat",
                arguments={},
                logpdf=lambda x: np.zeros(x.shape),
                ppf=lambda q: np.full(q.shape, np.nan),
                proper=False,
            ),
            Family(
                name="HalfFlat",
                arguments={},
                logpdf=lambda x: _where(x >= 0, np.zeros(x.shape)),
                ppf=lambda q: np.full(q.shape, np.nan),
                lower=0.0,
                proper=False,
            ),
        )
    }
)
"""Every family by its name."""


def restore(name: str, arguments: dict[str, float], source: str) -> Prior:
    """Make a prior again from its family's name: a family itself cannot be pickled."""
    return Prior(family=FAMILIES[name], arguments=arguments, source=source)


def parse_prior(expression: str, *, source: str = "given by the user") -> Prior:
    """Read a prior expression without running it.

    Parameters
    ----------
    expression
        A call as in PyMC, with numbers only: ``Normal(0, 4)``, ``StudentT(nu=4, sigma=2)``.
    source
        Why this prior.

    Raises
    ------
    PriorError
        The family or an argument is not known, an argument is missing, or its value is not
        possible.
    """
    name, positional, keywords = _call(expression)
    if name not in FAMILIES:
        raise PriorError(f"unknown prior {name!r}", hint=did_you_mean(name, FAMILIES))
    family = FAMILIES[name]
    known = list(family.arguments)
    usage = f"Its arguments are {name}({', '.join(known)})."
    if len(positional) > len(known):
        raise PriorError(f"too many arguments in {expression!r}", hint=usage)
    given = dict(zip(known, positional, strict=False))
    for key, value in keywords:
        if key not in family.arguments:
            raise PriorError(
                f"{name} has no argument {key!r}", hint=f"{did_you_mean(key, known)} {usage}"
            )
        if key in given:
            raise PriorError(f"{key!r} is given twice in {expression!r}", hint=usage)
        given[key] = value
    arguments = {key: given.get(key, default) for key, default in family.arguments.items()}
    complete = {key: value for key, value in arguments.items() if value is not None}
    if len(complete) < len(known):
        missing = ", ".join(key for key in known if key not in complete)
        raise PriorError(f"{expression!r} lacks {missing}", hint=usage)
    for key in family.positive:
        if complete[key] <= 0:
            raise PriorError(f"{key} is {complete[key]:g} in {expression!r}; it must be above 0")
    if name == "Uniform" and complete["lower"] >= complete["upper"]:
        raise PriorError(f"lower is not below upper in {expression!r}")
    return Prior(family=family, arguments=complete, source=source)


def _call(expression: str) -> tuple[str, list[float], list[tuple[str, float]]]:
    """The name, positional and keyword arguments of a call whose arguments are numbers.

    Keywords come as they are written, so that one that is given twice is seen.
    """
    hint = "Write a distribution as in PyMC, with numbers: HalfNormal(0.5), Normal(0, 4)."
    try:
        if len(expression) > _MAX_LENGTH:
            raise ValueError
        call = ast.parse(expression.strip(), mode="eval").body
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            raise ValueError
        positional = [_number(node) for node in call.args]
        keywords = [(node.arg or "**", _number(node.value)) for node in call.keywords]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise PriorError(f"{expression!r} is not a prior", hint=hint) from None
    return call.func.id, positional, keywords


def _number(node: ast.expr) -> float:
    sign = 1.0
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        sign = -1.0 if isinstance(node.op, ast.USub) else 1.0
        node = node.operand
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError
    return sign * float(value)

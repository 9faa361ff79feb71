"""The families that PyMC has, by its names and with its arguments."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import (
    betainc,
    betaincinv,
    betaln,
    erf,
    expit,
    gammainc,
    gammaincc,
    gammainccinv,
    gammaincinv,
    gammaln,
    logit,
    ndtr,
    ndtri,
    stdtr,
    stdtrit,
    xlog1py,
    xlogy,
)

from bayesmeta.priors.base import Family, Floats

__all__ = ["NAMED"]

_LOG_2PI = math.log(2 * math.pi)


def _where(inside: ArrayLike, value: ArrayLike) -> Floats:
    return np.where(inside, value, -np.inf)


def _normal(x: Floats, mu: float, sigma: float) -> Any:
    return -0.5 * ((x - mu) / sigma) ** 2 - np.log(sigma) - 0.5 * _LOG_2PI


def _student(x: Floats, nu: float, mu: float, sigma: float) -> Any:
    constant = gammaln((nu + 1) / 2) - gammaln(nu / 2) - 0.5 * np.log(nu * np.pi)
    tail = np.log1p(((x - mu) / sigma) ** 2 / nu)
    return constant - np.log(sigma) - (nu + 1) / 2 * tail


def _cauchy(x: Floats, alpha: float, beta: float) -> Any:
    return -np.log(np.pi * beta) - np.log1p(((x - alpha) / beta) ** 2)


def _logistic(x: Floats, mu: float, s: float) -> Any:
    apart = np.abs(x - mu) / s
    return -apart - np.log(s) - 2 * np.log1p(np.exp(-apart))


def _lognormal(x: Floats, mu: float, sigma: float) -> Floats:
    log = np.log(x)
    return _where(x > 0, _normal(log, mu, sigma) - log)


def _gamma(x: Floats, alpha: float, beta: float) -> Floats:
    density = alpha * np.log(beta) - gammaln(alpha) + xlogy(alpha - 1, x) - beta * x
    return _where(x >= 0, density)


def _inverse_gamma(x: Floats, alpha: float, beta: float) -> Floats:
    density = alpha * np.log(beta) - gammaln(alpha) - (alpha + 1) * np.log(x) - beta / x
    return _where(x > 0, density)


def _beta(x: Floats, alpha: float, beta: float) -> Floats:
    density = xlogy(alpha - 1, x) + xlog1py(beta - 1, -x) - betaln(alpha, beta)
    return _where((x >= 0) & (x <= 1), density)


NAMED = (
    Family(
        name="Normal",
        arguments={"mu": 0.0, "sigma": None},
        positive=("sigma",),
        logpdf=_normal,
        cdf=lambda x, mu, sigma: ndtr((x - mu) / sigma),
        ppf=lambda q, mu, sigma: mu + sigma * ndtri(q),
    ),
    Family(
        name="HalfNormal",
        arguments={"sigma": None},
        positive=("sigma",),
        logpdf=lambda x, sigma: _where(x >= 0, math.log(2) + _normal(x, 0, sigma)),
        cdf=lambda x, sigma: erf(x / (sigma * math.sqrt(2))),
        ppf=lambda q, sigma: sigma * ndtri((1 + q) / 2),
        lower=0.0,
    ),
    Family(
        name="StudentT",
        arguments={"nu": None, "mu": 0.0, "sigma": 1.0},
        positive=("nu", "sigma"),
        logpdf=_student,
        cdf=lambda x, nu, mu, sigma: stdtr(nu, (x - mu) / sigma),
        ppf=lambda q, nu, mu, sigma: mu + sigma * stdtrit(nu, q),
        tail=lambda arguments: arguments["nu"] + 1,
    ),
    Family(
        name="HalfStudentT",
        arguments={"nu": None, "sigma": 1.0},
        positive=("nu", "sigma"),
        logpdf=lambda x, nu, sigma: _where(x >= 0, math.log(2) + _student(x, nu, 0, sigma)),
        cdf=lambda x, nu, sigma: 2 * stdtr(nu, x / sigma) - 1,
        ppf=lambda q, nu, sigma: sigma * stdtrit(nu, (1 + q) / 2),
        lower=0.0,
        tail=lambda arguments: arguments["nu"] + 1,
    ),
    Family(
        name="Cauchy",
        arguments={"alpha": None, "beta": None},
        positive=("beta",),
        logpdf=_cauchy,
        cdf=lambda x, alpha, beta: 0.5 + np.arctan((x - alpha) / beta) / math.pi,
        ppf=lambda q, alpha, beta: alpha + beta * np.tan(math.pi * (q - 0.5)),
        tail=lambda _: 2.0,
    ),
    Family(
        name="HalfCauchy",
        arguments={"beta": None},
        positive=("beta",),
        logpdf=lambda x, beta: _where(x >= 0, math.log(2) + _cauchy(x, 0, beta)),
        cdf=lambda x, beta: 2 / math.pi * np.arctan(x / beta),
        ppf=lambda q, beta: beta * np.tan(math.pi * q / 2),
        lower=0.0,
        tail=lambda _: 2.0,
    ),
    Family(
        name="Logistic",
        arguments={"mu": 0.0, "s": 1.0},
        positive=("s",),
        logpdf=_logistic,
        cdf=lambda x, mu, s: expit((x - mu) / s),
        ppf=lambda q, mu, s: mu + s * logit(q),
    ),
    Family(
        name="Exponential",
        arguments={"lam": None},
        positive=("lam",),
        logpdf=lambda x, lam: _where(x >= 0, np.log(lam) - lam * x),
        cdf=lambda x, lam: -np.expm1(-lam * x),
        ppf=lambda q, lam: -np.log1p(-q) / lam,
        lower=0.0,
    ),
    Family(
        name="LogNormal",
        arguments={"mu": 0.0, "sigma": None},
        positive=("sigma",),
        logpdf=_lognormal,
        cdf=lambda x, mu, sigma: ndtr((np.log(x) - mu) / sigma),
        ppf=lambda q, mu, sigma: np.exp(mu + sigma * ndtri(q)),
        lower=0.0,
    ),
    Family(
        name="Gamma",
        arguments={"alpha": None, "beta": None},
        positive=("alpha", "beta"),
        logpdf=_gamma,
        cdf=lambda x, alpha, beta: gammainc(alpha, beta * x),
        ppf=lambda q, alpha, beta: gammaincinv(alpha, q) / beta,
        lower=0.0,
    ),
    Family(
        name="InverseGamma",
        arguments={"alpha": None, "beta": None},
        positive=("alpha", "beta"),
        logpdf=_inverse_gamma,
        cdf=lambda x, alpha, beta: gammaincc(alpha, beta / x),
        ppf=lambda q, alpha, beta: beta / gammainccinv(alpha, q),
        lower=0.0,
        tail=lambda arguments: arguments["alpha"] + 1,
    ),
    Family(
        name="Beta",
        arguments={"alpha": None, "beta": None},
        positive=("alpha", "beta"),
        logpdf=_beta,
        cdf=lambda x, alpha, beta: np.asarray(betainc(alpha, beta, x)),
        ppf=lambda q, alpha, beta: np.asarray(betaincinv(alpha, beta, q)),
        lower=0.0,
        upper=1.0,
    ),
    Family(
        name="Uniform",
        arguments={"lower": None, "upper": None},
        logpdf=lambda x, lower, upper: _where((x >= lower) & (x <= upper), -np.log(upper - lower)),
        cdf=lambda x, lower, upper: (x - lower) / (upper - lower),
        ppf=lambda q, lower, upper: lower + (upper - lower) * q,
    ),
    Family(
        name="Flat",
        arguments={},
        logpdf=lambda x: np.zeros(x.shape),
        proper=False,
        tail=lambda _: 0.0,
    ),
    Family(
        name="HalfFlat",
        arguments={},
        logpdf=lambda x: _where(x >= 0, np.zeros(x.shape)),
        lower=0.0,
        proper=False,
        tail=lambda _: 0.0,
    ),
)
"""Every family that PyMC has."""

"""The priors that are used where a spec names none, each with its reason."""

from bayesmeta.priors.base import Prior
from bayesmeta.priors.parse import parse_prior

__all__ = [
    "as_wide_as",
    "baseline",
    "flat_mu",
    "of_counts",
    "of_moderator",
    "unit_information_mu",
    "unit_information_tau",
    "weakly_informative_tau",
]

_SHARE = 8
"""A tau of 1 on the log odds ratio, a quarter of its unit-information sd, is fairly extreme (Röver
et al. 2021); a half-normal with an eighth is below a quarter with 95 %."""


def unit_information_mu(sd: float, why: str) -> Prior:
    """A normal prior around no effect that tells as much as one participant would.

    Parameters
    ----------
    sd, why
        The unit-information standard deviation and where it comes from.
    """
    return parse_prior(f"Normal(0, {sd:.6g})", source=f"default: {why}")


def flat_mu() -> Prior:
    """A flat prior, for measures of one group: there is no null to centre another on."""
    return parse_prior(
        "Flat()", source="default: flat, as one group has no null to centre a prior on"
    )


def weakly_informative_tau(scale: float) -> Prior:
    """A half-normal prior with a known scale, for log ratios and standardised differences.

    With 0.5, tau is above 1, which is fairly extreme there, with 5 % (Röver et al. 2021).
    """
    return parse_prior(
        f"HalfNormal({scale:g})",
        source=f"default: weakly informative, tau is below {1.96 * scale:.2g} with 95 % "
        "(Röver et al. 2021, Res Synth Methods 12:448)",
    )


def unit_information_tau(sd: float, why: str) -> Prior:
    """A half-normal prior with an eighth of the unit-information standard deviation.

    For a log odds ratio that is 0.5.

    Parameters
    ----------
    sd, why
        The unit-information standard deviation and where it comes from.
    """
    return parse_prior(f"HalfNormal({sd / _SHARE:.6g})", source=f"default: an eighth of the {why}")


_WIDER = {
    "tau_within": (1, "as that of tau: results of one study vary no more than studies do"),
    "omega": (1, "as that of tau: means differ no more than studies do"),
    "tau_outlier": (4, "four times as wide as that of tau"),
}


def as_wide_as(tau: Prior, name: str) -> Prior:
    """The prior of another standard deviation of effects, from the default prior of tau.

    Parameters
    ----------
    tau
        A half-normal prior.
    name
        ``tau_within``, ``omega`` or ``tau_outlier``.
    """
    factor, why = _WIDER[name]
    return parse_prior(
        f"HalfNormal({factor * tau.arguments['sigma']:.6g})", source=f"default: {why}"
    )


def of_moderator(sd: float, spread: float) -> Prior:
    """A normal prior of the coefficient of a moderator.

    What the effect changes by has the unit-information standard deviation, as the default prior of
    mu of a contrast has, for two standard deviations of a number and for another category, which
    makes the two alike (Gelman 2008, Stat Med 27:2865).

    Parameters
    ----------
    sd
        The unit-information standard deviation.
    spread
        What the term changes by for two standard deviations of each of its numbers.
    """
    change = "a change of two standard deviations" if spread != 1 else "another category"
    return parse_prior(
        f"Normal(0, {sd / spread:.6g})", source=f"default: the unit-information sd for {change}"
    )


def of_counts(name: str, *, rate: bool) -> Prior:
    """Priors of mu and tau of one group of counts, whose likelihood needs proper ones.

    Parameters
    ----------
    name
        ``mu`` or ``tau``.
    rate
        Whether mu is a log rate, else the logit of a risk.
    """
    if name == "tau":
        return parse_prior(
            "HalfNormal(1)",
            source="default: weakly informative, tau is below 1.96 with 95 %; twice as wide as for "
            "a contrast of two arms, since groups differ more than contrasts",
        )
    if rate:
        return parse_prior("Normal(0, 10)", source="default: vague on a log rate")
    return parse_prior("Logistic(0, 1)", source="default: uniform on the risk, from 0 to 1")


def baseline(name: str) -> Prior:
    """Priors of what models have besides means and standard deviations of effects.

    Parameters
    ----------
    name
        ``alpha``, ``alpha_mean``, ``alpha_sd``, ``rho`` or ``p_outlier``.
    """
    expression, why = _BASELINES[name]
    return parse_prior(expression, source=f"default: {why}")


_VAGUE = "vague on a logit or log rate (Günhan, Röver & Friede 2020, Res Synth Methods 11:74)"
_BASELINES = {
    "alpha": ("Normal(0, 10)", _VAGUE),
    "alpha_mean": ("Normal(0, 10)", _VAGUE),
    "alpha_sd": ("HalfNormal(2)", "weakly informative, below 3.9 with 95 %"),
    "rho": ("Uniform(0, 1)", "uniform on the intraclass correlation"),
    "p_outlier": (
        "Beta(1, 9)",
        "one study in ten is expected to be an outlier, below 28 % with 95 %",
    ),
}

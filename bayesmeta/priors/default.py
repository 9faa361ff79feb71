"""The priors that are used where a spec names none, each with its reason."""

from bayesmeta.priors.base import Prior
from bayesmeta.priors.parse import parse_prior

__all__ = ["flat_mu", "unit_information_mu", "unit_information_tau", "weakly_informative_tau"]

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

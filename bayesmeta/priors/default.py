"""The priors that are used where a spec names none, each with its reason."""

from bayesmeta.priors.base import Prior
from bayesmeta.priors.named import parse_prior

__all__ = ["default_mu", "default_tau"]


def default_mu(unit_information: tuple[float, str]) -> Prior:
    """A normal prior around no effect that tells as much as one participant would.

    Parameters
    ----------
    unit_information
        The unit-information standard deviation and where it comes from.
    """
    sd, why = unit_information
    return parse_prior(f"Normal(0, {sd:.6g})", source=f"default: {why}")


def default_tau(tau_scale: float | None, unit_information: tuple[float, str] | None) -> Prior:
    """A half-normal prior.

    Its scale is 0.5 on log ratios and standardised mean differences, where tau above 1 is fairly
    extreme (Röver et al. 2021, table 7); elsewhere an eighth of the unit-information standard
    deviation, which is the same 0.5 for a log odds ratio.

    Parameters
    ----------
    tau_scale
        The scale where the measure has one.
    unit_information
        The unit-information standard deviation and where it comes from.
    """
    if tau_scale is not None:
        return parse_prior(
            f"HalfNormal({tau_scale:g})",
            source="default: weakly informative, tau is below 1 with 95 % "
            "(Röver et al. 2021, Res Synth Methods 12:448)",
        )
    if unit_information is None:
        raise ValueError("neither a scale nor a unit-information standard deviation is known")
    sd, why = unit_information
    return parse_prior(f"HalfNormal({sd / 8:.6g})", source=f"default: an eighth of the {why}")

"""The true effects of the studies as PyMC code, by heterogeneity."""

from collections.abc import Callable, Mapping

from bayesmeta.exports.python_code import call, number
from bayesmeta.model import Problem

__all__ = ["COMPONENTS", "NEW", "SAMPLED", "deviation_of"]

COMPONENTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "common": (("", ""),),
    "normal": (("", "{tau}**2"),),
    "nested": (("", "tau_within**2"),),
    "mixture": (("1 - p_outlier", "{tau}**2"), ("p_outlier", "{tau}**2 + tau_outlier**2")),
}
"""Shares and variances of normal distributions around the mean, where theta is integrated out."""

_MIXTURE = """\
sd = {tau}
sd_outlier = pm.math.sqrt(sd**2 + tau_outlier**2)
deviation = pm.NormalMixture(
    "deviation",
    w=pm.math.stack([1 - p_outlier, p_outlier]),
    mu=np.zeros(2),
    sigma=pm.math.stack([sd, sd_outlier], axis=-1),
    dims="study",
)"""


def _standard(distribution: str, *arguments: str, sd: str) -> tuple[str, str]:
    before = "standard_effect = "
    made = call(
        f"pm.{distribution}",
        '"standard_effect"',
        *arguments,
        'dims="study"',
        depth=1,
        before=before,
    )
    return made, f"{sd} * standard_effect"


def _student(problem: Problem, tau: str) -> tuple[str, str]:
    nu = "nu" if problem.nu is None else number(problem.nu)
    return _standard("StudentT", f"nu={nu}", "mu=0.0", "sigma=1.0", sd=tau)


SAMPLED: Mapping[str, Callable[[Problem, str], tuple[str, str]]] = {
    "normal": lambda problem, tau: _standard("Normal", "0.0", "1.0", sd=tau),
    "nested": lambda problem, tau: _standard("Normal", "0.0", "1.0", sd="tau_within"),
    "student-t": _student,
    "mixture": lambda problem, tau: (_MIXTURE.format(tau=tau), "deviation"),
}
"""Where theta is sampled: statements, and what is added to the mean."""


def deviation_of(problem: Problem, mean: str, tau: str) -> str:
    """The statements that make ``theta``."""
    statements, deviation = SAMPLED[problem.heterogeneity](problem, tau)
    made = call(
        "pm.Deterministic",
        '"theta"',
        f"{mean} + {deviation}",
        'dims="study"',
        depth=1,
        before="theta = ",
    )
    return f"{statements}\n{made}"


_STANDARD = "rng.standard_normal(mu.shape)"

NEW: Mapping[str, tuple[str, ...]] = {
    "normal": (f'theta_new = mu + draws["tau"] * mu.copy(data={_STANDARD})',),
    "nested": (
        'sd = np.hypot(draws["tau"], draws["tau_within"])',
        f"theta_new = mu + sd * mu.copy(data={_STANDARD})",
    ),
    "student-t": (
        "standard = mu.copy(data=rng.standard_t({nu}, size=mu.shape))",
        'theta_new = mu + draws["tau"] * standard',
    ),
    "mixture": (
        'outlying = mu.copy(data=rng.uniform(size=mu.shape)) < draws["p_outlier"]',
        'sd = np.sqrt(draws["tau"] ** 2 + outlying * draws["tau_outlier"] ** 2)',
        f"theta_new = mu + sd * mu.copy(data={_STANDARD})",
    ),
}
"""How the effect of a new study is drawn, given the draws; none where all share one effect."""

"""A Python script that fits the model of a fit with PyMC alone."""

from bayesmeta.exports.pymc_data import data_code
from bayesmeta.exports.pymc_effects import NEW
from bayesmeta.exports.pymc_model import model_code
from bayesmeta.exports.python_code import call, number, text
from bayesmeta.exports.r_code import header
from bayesmeta.results import Fit

__all__ = ["pymc_script"]

_IMPORTS = """\
import arviz as az
import numpy as np
import pymc as pm
import pytensor

# Numbers are double precision, as 4.0 would not be by itself.
pytensor.config.cast_policy = "numpy+floatX\""""

_RUN = """\
if __name__ == "__main__":
    with model:
        trace = pm.sample(
            draws={draws},
            tune={tune},
            chains={chains},
            target_accept={accept},
            random_seed={seed},
            nuts_sampler={sampler},{note}
        )
{new}
    {summary}
    print(summary)
"""

_NEW = """
    # The true effect of a new study: its interval is the prediction interval.
    rng = np.random.default_rng({seed})
    draws = trace["posterior"]
    mu = draws["mu"]
{statements}
    draws["theta_new"] = theta_new
"""


def pymc_script(fit: Fit) -> str:
    """A Python script that samples the posterior of a fit with PyMC.

    It needs PyMC and ArviZ, not bayesmeta. Its data are in it; the model is that which
    `bayesmeta.model.build_model` builds, and draws, chains, acceptance rate, seed and sampler are
    those of the spec. The model is made when the script is imported, and sampled when it is run.

    Raises
    ------
    SpecError
        The model is none that a script is written for.
    """
    theta = fit.spec.engine.theta
    head = header(fit, "It fits the same model with PyMC, and prints the summary by ArviZ.")
    parts = [
        head,
        _IMPORTS,
        data_code(fit.problem, fit.measure.analysis_label),
        model_code(fit.problem, theta=theta),
    ]
    return "\n\n".join(parts) + "\n\n\n" + _run(fit)


_OTHERS = ("p_outlier", "tau_outlier", "rho", "alpha_mean", "alpha_sd")


def _run(fit: Fit) -> str:
    """Sampling, the effect of a new study, and the summary."""
    engine, interval = fit.spec.engine, fit.spec.interval
    blackjax = engine.sampler == "blackjax"
    note = "  # the spec says blackjax, which PyMC 6.4 cannot call" if blackjax else ""
    wanted = ("mu_overall", "mu", "beta", "omega", "tau", "tau_within", "nu")
    has = _variables(fit)
    shown = [name for name in (*wanted, *_OTHERS) if name in has]
    statements = NEW.get(fit.problem.heterogeneity, ())
    new = ""
    if statements:
        nu = '(draws["nu"] + 0 * mu)' if fit.problem.nu is None else number(fit.problem.nu)
        lines = "\n".join(f"    {line.format(nu=nu)}" for line in statements)
        new = _NEW.format(seed=engine.seed, statements=lines)
        shown.append("theta_new")
    inside = ", ".join(text(name) for name in shown)
    return _RUN.format(
        draws=engine.draws,
        tune=engine.tune,
        chains=engine.chains,
        accept=number(engine.target_accept),
        seed=engine.seed,
        sampler='"pymc"' if blackjax else f'"{engine.sampler}"',
        note=note,
        new=new,
        summary=call(
            "az.summary",
            "trace",
            f"var_names=[{inside}]",
            f"ci_prob={number(interval.prob)}",
            f'ci_kind="{interval.kind}"',
            depth=1,
            before="summary = ",
        ).replace("\n", "\n    "),
    )


def _variables(fit: Fit) -> set[str]:
    """The parameters of the model."""
    problem = fit.problem
    own = {name.partition("[")[0] for name in problem.priors}
    return own | ({"mu_overall"} if problem.design.means == "exchangeable" else set())

"""The effects of a fit once more, from the raw numbers, by metafor's `escalc` in R.

The formulas of each measure, and where they are from, are in `bayesmeta.measures`; the arguments
are those of the help page of `escalc` (Viechtbauer 2010, J Stat Softw 36(3)).
"""

from collections.abc import Mapping

from bayesmeta.exports.r_code import comment, number, study_numbers
from bayesmeta.measures import cells_corrected
from bayesmeta.results import Fit

__all__ = ["ARGUMENTS", "effects_again"]

_EVENTS = {
    "ai": "events_treatment",
    "n1i": "total_treatment",
    "ci": "events_control",
    "n2i": "total_control",
}
_MEANS = {
    "m1i": "mean_treatment",
    "sd1i": "sd_treatment",
    "n1i": "total_treatment",
    "m2i": "mean_control",
    "sd2i": "sd_control",
    "n2i": "total_control",
}
_PAIRS = {
    "m1i": "mean_after",
    "sd1i": "sd_after",
    "m2i": "mean_before",
    "sd2i": "sd_before",
    "ni": "total",
    "ri": "r",
}
_RATES = {
    "x1i": "events_treatment",
    "t1i": "time_treatment",
    "x2i": "events_control",
    "t2i": "time_control",
}
_RATE = {"xi": "events", "ti": "time"}
_PROPORTION = {"xi": "events", "ni": "total"}

ARGUMENTS: Mapping[str, Mapping[str, str]] = {
    **dict.fromkeys(("OR", "RR", "RD", "PETO"), _EVENTS),
    **dict.fromkeys(("MD", "SMD", "SMDH", "ROM"), _MEANS),
    **dict.fromkeys(("MC", "SMCC", "ROMC"), _PAIRS),
    # The one standard deviation of SMCR is sd1i in R, and that before treatment here.
    "SMCR": {"m1i": "mean_after", "m2i": "mean_before", "sd1i": "sd_before", "ni": "total"}
    | {"ri": "r"},
    **dict.fromkeys(("IRR", "IRD"), _RATES),
    **dict.fromkeys(("IR", "IRLN"), _RATE),
    **dict.fromkeys(("PR", "PLO", "PFT"), _PROPORTION),
    "MN": {"mi": "mean", "sdi": "sd", "ni": "total"},
    "ZCOR": {"ri": "correlation", "ni": "total"},
}
"""By measure, the arguments of `escalc` and the columns that they are here."""

_CELLS = ("OR", "RR", "RD", "PETO", "PR", "PLO", "PFT", "IR", "IRLN", "IRR", "IRD")
"""Measures of counts, for which `escalc` has a rule for empty cells."""

_STANDARDISED = ("SMD", "SMDH", "SMCC", "SMCR")
"""Measures with a small-sample factor."""

_CORRECT = "4.8"
"""Since this version of metafor, `escalc` can leave a bias correction out."""

_SMDH = "4.6"
"""Since this version, the variance of SMDH is that of Bonett 2008, with n - 1 throughout."""

_TAYLOR = {
    "ROM": ("treatment", "control", "total_treatment", "total_control"),
    "ROMC": ("after", "before", "total", "total"),
}
"""Log ratios whose bias correction only metafor 5 makes by itself: arms and their totals."""

_AS_REVMAN = {
    "RD": (
        "As RevMan: what is added to empty cells counts in the standard error alone.",
        "again$yi <- with(studies, events_treatment / total_treatment -",
        "  events_control / total_control)",
    ),
    "RR": (
        "As RevMan: where all have the event in both arms, the risk ratio is 1.",
        "again$yi[with(studies, events_treatment == total_treatment &",
        "  events_control == total_control)] <- 0",
    ),
}
"""What follows the call of `escalc` where empty cells are treated as RevMan does."""

_REVMAN_SMD = """\
pooled <- with(studies, sqrt(((total_treatment - 1) * sd_treatment^2 +
  (total_control - 1) * sd_control^2) / (total_treatment + total_control - 2)))
n <- with(studies, total_treatment + total_control)
again <- data.frame(yi = with(studies, (mean_treatment - mean_control) / pooled) *
  (1 - 3 / (4 * n - 9)))
again$vi <- with(studies, n / (total_treatment * total_control)) + again$yi^2 / (2 * (n - 3.94))"""

_COMPARE = """\
off <- max(abs(again$yi - studies$effect), abs(sqrt(again$vi) - studies$std_error)) /
  max(abs(studies$effect), studies$std_error)
cat(sprintf("largest difference: %.3g of the largest effect or standard error\\n", off))
if (!isTRUE(off < 1e-9)) warning("R computes other effects from the raw numbers")"""


def effects_again(fit: Fit) -> str:
    """R code that computes the effects of ``studies`` again and compares them.

    Studies that the rule for empty cells leaves out are not in the data, so the code never drops
    one. A comment says so where there is nothing to compute from.
    """
    effect, code = fit.spec.effect, fit.measure.code
    if not study_numbers(fit):
        return comment("The studies gave effects and standard errors: there is no raw number.")
    title = 'cat("\\n1. Effects from the raw numbers\\n")'
    if code == "SMD" and effect.smd == "revman":
        formula = comment(
            "RevMan's formulas, which escalc does not have (Deeks & Higgins 2010, Statistical",
            "algorithms in Review Manager 5).",
        )
        return "\n".join([title, formula, _REVMAN_SMD, _COMPARE])
    if code in _STANDARDISED and not effect.bias_correction:
        body = "\n".join([_call("again", code, ["correct = FALSE"]), _COMPARE])
        return f"{title}\n{_since(_CORRECT, 'cannot leave out the bias correction', body)}"
    body = "\n".join([*_lines(fit), _COMPARE])
    if code == "SMDH":
        body = _since(_SMDH, "has another formula of the variance of SMDH", body)
    return f"{title}\n{body}"


def _since(version: str, why: str, body: str) -> str:
    """Code that is run where metafor is new enough."""
    inside = body.replace("\n", "\n  ")
    return (
        f'if (packageVersion("metafor") >= "{version}") {{\n  {inside}\n}} else {{\n'
        f'  cat("not compared: metafor before {version} {why}\\n")\n}}'
    )


def _lines(fit: Fit) -> list[str]:
    """The calls of `escalc`, and what is added to its results."""
    effect, code = fit.spec.effect, fit.measure.code
    rule = _rule(fit)
    if code in _TAYLOR:
        without = f'correct <- if (packageVersion("metafor") >= "{_CORRECT}") list(correct = FALSE)'
        call = _call("again", code, [], further=True)
        added = [_bias_correction(code)] if effect.bias_correction else []
        note = "The bias correction is written out: only metafor 5 makes it by itself."
        return [comment(note), without, call, *added]
    if effect.zero_cells.revman and code in _AS_REVMAN:
        note, *further = _AS_REVMAN[code]
        return [comment(note), _call("again", code, rule), *further]
    return [_call("again", code, rule)]


def _rule(fit: Fit) -> list[str]:
    """The rule for empty cells; which studies it touched is in the record of the fit."""
    if fit.measure.code not in _CELLS:
        return []
    add, touched = fit.spec.effect.zero_cells.add, cells_corrected(fit.record["corrections"])
    to = "none" if touched == 0 else "all" if touched == fit.table.sizes["study"] else "only0"
    rule = [f"add = {number(add if touched else 0)}", f'to = "{to}"']
    two_arms = "events_control" in fit.measure.columns
    return [*rule, "drop00 = FALSE"] if two_arms else rule


def _call(name: str, code: str, options: list[str], *, further: bool = False) -> str:
    arguments = [f"{theirs} = {column}" for theirs, column in ARGUMENTS[code].items()]
    if not further:
        rest = ", ".join(["data = studies", *options])
        inside = ", ".join(arguments)
        return f'{name} <- metafor::escalc(measure = "{code}", {inside},\n  {rest})'
    listed = ", ".join([f'measure = "{code}"', *arguments])
    return f"{name} <- with(studies, do.call(metafor::escalc, c(list({listed}), correct)))"


def _bias_correction(code: str) -> str:
    """Half the difference of the squared coefficients of variation of the two means."""
    first, second, n1, n2 = _TAYLOR[code]
    return (
        f"again$yi <- again$yi + with(studies, sd_{first}^2 / ({n1} * mean_{first}^2) -\n"
        f"  sd_{second}^2 / ({n2} * mean_{second}^2)) / 2"
    )

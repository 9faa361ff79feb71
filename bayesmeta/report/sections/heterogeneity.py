"""How much the true effects differ."""

from bayesmeta.model import HETEROGENEITIES
from bayesmeta.report.document import Block, Items, Paragraph, Section
from bayesmeta.report.findings import Findings
from bayesmeta.report.sections.pictures import pictures
from bayesmeta.results import Fit
from bayesmeta.results.numbers import decimals, format_number, format_span, interval_name

__all__ = ["heterogeneity"]

_NAMES = {
    "tau_within": "the standard deviation of the true effects inside studies",
    "omega": "the standard deviation between means",
    "nu": "the degrees of freedom",
    "p_outlier": "the share of outlying studies",
    "tau_outlier": "the further standard deviation of outlying studies",
    "rho": "the correlation of results of one study",
    "I2": "the share of variation that is not chance, of a study of typical size",
}
_SYMBOLS = {"I2": "I²"}


def heterogeneity(findings: Findings) -> Section | None:
    """The standard deviations and I², their plots, and the evidence for a common effect."""
    fit = findings.fit
    items = _items(fit)
    if not items:
        return None
    blocks: list[Block] = [Items(items=items)]
    if fit.measure.scale.name != "identity":
        text = f"Standard deviations are on the scale of the {fit.measure.analysis_label}."
        blocks.append(Paragraph(text=text, tone="soft"))
    evidence = _evidence(fit)
    if evidence:
        blocks.append(Items(items=evidence))
    drawn = 100 * fit.shrinkage.to_numpy() if fit.has_weights else None
    span = "" if drawn is None else f", by {drawn.min():.0f} to {drawn.max():.0f} %"
    joint = (
        "joint",
        "Joint posterior of the pooled effect and tau: regions of highest density.",
        f"Contours of the joint posterior. {' '.join(items[:1])}",
    )
    shrinkage = (
        "shrinkage",
        "Each study's own estimate, and how far the model draws it towards its mean.",
        f"Each study's estimate is drawn towards its mean{span}.",
    )
    quick = not fit.problem.counts  # whose joint posterior is integrated again
    blocks += pictures(fit, *([joint] if quick else []), shrinkage)
    return Section(name="heterogeneity", title="Heterogeneity", blocks=blocks)


def _items(fit: Fit) -> list[str]:
    """A sentence for each estimate of how much effects differ."""
    level, rows = interval_name(fit.spec.interval), fit.estimates
    words = {"tau": HETEROGENEITIES[fit.problem.heterogeneity].tau, **_NAMES}
    if fit.problem.design.means == "random-walk":
        words["omega"] = "the standard deviation of a step over the average gap between times"
    items = []
    for name, label in words.items():
        for row in rows[rows["name"] == name].to_dict("records"):
            if row["median"] != row["median"]:  # it is not known
                continue
            unit, sign = (100, " %") if name == "I2" else (1, "")
            median, lower, upper = (unit * row[end] for end in ("median", "lower", "upper"))
            places = decimals(lower, upper)
            own = f" of {row['subgroup']}" if row["subgroup"] else ""
            items.append(
                f"{_SYMBOLS.get(name, name)}{own}, {label}, is {format_number(median, places)}"
                f"{sign} ({level} {format_span(lower, upper, places)}{sign})."
            )
    return items


def _evidence(fit: Fit) -> list[str]:
    """How probable the studies are under simpler models, as Bayes factors."""
    known = fit.record["evidence"]
    if known is None:
        return []
    simpler = {"bf01_mu": "no mean effect (mu = 0)", "bf01_tau": "a common effect (tau = 0)"}
    return [
        f"The studies are {_times(known[name])} under {label} than under this model (Bayes factor "
        f"{known[name]:.2g})."
        for name, label in simpler.items()
        if known[name] is not None
    ]


def _times(factor: float) -> str:
    if factor >= 1:
        return f"{factor:.2g} times as probable"
    return f"{1 / factor:.2g} times less probable" if factor > 0 else "infinitely less probable"

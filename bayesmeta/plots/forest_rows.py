"""The rows of a forest plot: studies, headings, and what the model says of each group of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from bayesmeta.classical import quantile
from bayesmeta.plots.columns import Line
from bayesmeta.plots.fold import cut_name, fold_name
from bayesmeta.plots.marks import Estimate
from bayesmeta.plots.moderators import reference_text

if TYPE_CHECKING:
    from bayesmeta.results import Fit

__all__ = ["Contents", "Guide", "Row", "contents"]

_INDENT = 0.14
_BETWEEN = 0.6
"""Rows left free between two subgroups."""

_LONGEST_REFERENCE = 28
_SUMMARIES = {"mu": "Pooled effect, {} CrI", "theta_new": "Effect in a new study, {} PrI"}
"""Rows below the studies: a credible and a prediction interval, and each says so."""

_OVERALL = {
    "mu_overall": "Mean of the subgroups, {} CrI",
    "theta_new_overall": "Study of a new subgroup, {} PrI",
}
_OF_SUBGROUP = {"mu": "Mean, {} CrI", "theta_new": "New study, {} PrI"}
_AT = {"mu_at": "Effect at {point}, {prob} CrI", "theta_new_at": "New study there, {prob} PrI"}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row.

    Attributes
    ----------
    label : str
    place : float
        In rows from the top.
    study : int or None
        Which study, where it is one.
    mark : {"diamond", "bar", ""}
        How its estimate is drawn, where it is not of a study.
    estimate : Estimate or None
        None for studies and headings.
    bold : bool
    indent : float
        Inches.
    """

    label: str
    place: float
    study: int | None = None
    mark: Literal["diamond", "bar", ""] = ""
    estimate: Estimate | None = None
    bold: bool = False
    indent: float = 0.0

    @property
    def line(self) -> Line:
        """Where its texts stand."""
        return Line(place=self.place, bold=self.bold, indent=self.indent)


@dataclass(frozen=True, kw_only=True)
class Guide:
    """A dashed line at a mean, from one row to another."""

    x: float
    first: float
    last: float


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a forest plot shows.

    Attributes
    ----------
    own : list of Estimate or None
        The studies' own estimates with confidence intervals; None where the counts give none.
    shrunken : list of Estimate
        The posterior of the studies' true effects; empty where it is not shown.
    outlier : array or None
        The probability of each study that it is an outlier, where the model has such.
    body, foot : list of Row
        The studies with their headings and the means of subgroups; what is of all, below a rule.
    rows : float
        How many rows the body takes.
    guides : list of Guide
    """

    own: list[Estimate | None]
    shrunken: list[Estimate]
    outlier: np.ndarray | None
    body: list[Row]
    foot: list[Row]
    rows: float
    guides: list[Guide]


def contents(fit: "Fit", *, shrunken: bool) -> Contents:
    """The estimates of a fit that its forest plot shows, row by row."""
    z = quantile(fit.spec.interval.prob)
    effect, error = fit.table["effect"].to_numpy(), fit.table["std_error"].to_numpy()
    own = [
        Estimate(centre=float(y), lower=float(y - z * s), upper=float(y + z * s))
        if np.isfinite(y)
        else None
        for y, s in zip(effect, error, strict=True)
    ]
    outlier = fit.estimates.loc[fit.estimates["name"] == "outlier", "mean"].to_numpy(float)
    design = fit.problem.design
    body = _pooled_body(fit) if design.subgroups is None else _subgroup_body(fit)
    rows = body[-1].place + 1
    foot = _foot(fit, rows)
    return Contents(
        own=own,
        shrunken=[estimate for _, estimate in _named(fit, "theta")] if shrunken else [],
        outlier=outlier if outlier.size else None,
        body=body,
        foot=foot,
        rows=rows,
        guides=_guides(fit, body, foot),
    )


def _named(fit: "Fit", name: str) -> list[tuple[str, Estimate]]:
    """The estimates of this name, each with its subgroup, study or term."""
    rows = fit.estimates[fit.estimates["name"] == name]
    return [
        (
            f"{row['subgroup']}{row['study']}{row['term']}",
            Estimate(centre=row["median"], lower=row["lower"], upper=row["upper"]),
        )
        for _, row in rows.iterrows()
    ]


def _prob(fit: "Fit") -> str:
    return f"{100 * fit.spec.interval.prob:g} %"


def _pooled_body(fit: "Fit") -> list[Row]:
    studies = range(fit.table.sizes["study"])
    return _study_rows(fit, studies, 0.0, indent=0.0, bold=True)


def _subgroup_body(fit: "Fit") -> list[Row]:
    """Each subgroup under its name, with its mean and a new study of it."""
    subgroups = fit.problem.design.subgroups
    assert subgroups is not None  # who calls has asked
    said = {name: dict(_named(fit, name)) for name in _OF_SUBGROUP}
    body: list[Row] = []
    place = 0.0
    for name, members in zip(subgroups.names, subgroups.rows, strict=True):
        body.append(Row(label=fold_name(name), place=place, bold=True))
        body += _study_rows(fit, members, place + 1, indent=_INDENT, bold=False)
        for kind, label in _OF_SUBGROUP.items():
            if name in said[kind]:
                row = Row(
                    label=label.format(_prob(fit)),
                    place=body[-1].place + 1,
                    mark="diamond" if kind == "mu" else "bar",
                    estimate=said[kind][name],
                    bold=True,
                    indent=_INDENT,
                )
                body.append(row)
        place = body[-1].place + 1 + _BETWEEN
    return body


def _study_rows(
    fit: "Fit", studies: Iterable[int], first: float, *, indent: float, bold: bool
) -> list[Row]:
    """Studies in their order; several results of one stand together under its name."""
    names = [str(name) for name in fit.table["study"].to_numpy()]
    clusters = fit.problem.clusters
    if clusters is None:
        return [
            Row(label=fold_name(names[study]), place=first + i, study=int(study), indent=indent)
            for i, study in enumerate(studies)
        ]

    def alone(study: int) -> str:
        """The name of the only result of a study here; its time stands above."""
        own = fit.problem.design.subgroups is None or fit.spec.model.time is None
        return names[study] if own else clusters.names[clusters.member[study]]

    members: dict[int, list[int]] = {}
    for study in studies:
        members.setdefault(int(clusters.member[study]), []).append(int(study))
    rows: list[Row] = []
    for cluster, results in members.items():
        name, inner, place = clusters.names[cluster], indent, first + len(rows)
        if len(results) > 1:
            rows.append(Row(label=fold_name(name), place=place, bold=bold, indent=indent))
            inner += _INDENT
        for study in results:
            label = _result_label(fit, names[study], name) if len(results) > 1 else alone(study)
            place = first + len(rows)
            rows.append(Row(label=fold_name(label), place=place, study=study, indent=inner))
    return rows


def _result_label(fit: "Fit", name: str, cluster: str) -> str:
    """The name of a result below that of its study: ``months 3``, or ``result 2``."""
    ending = name.removeprefix(cluster).strip()
    if not ending:
        return "result 1"
    if ending.startswith("("):
        return f"result {ending.strip('()')}"
    result, time = fit.spec.data.result, fit.spec.model.time
    column = result or (time.column if time is not None else "")
    value = ending.removeprefix(",").strip()
    return f"{column} {value.removesuffix('.0')}".strip()


def _foot(fit: "Fit", first: float) -> list[Row]:
    """What is of all studies, below those."""
    rows: list[Row] = []

    def add(label: str, estimate: Estimate, *, new: bool) -> None:
        place = first + 0.4 + len(rows)
        mark: Literal["diamond", "bar"] = "bar" if new else "diamond"
        rows.append(Row(label=label, place=place, mark=mark, estimate=estimate, bold=True))

    pooled = fit.problem.design.subgroups is None
    for name, label in (_pooled_labels(fit) if pooled else _OVERALL).items():
        for _, estimate in _named(fit, name):
            add(label.format(_prob(fit)), estimate, new=name.startswith("theta"))
    new = dict(_named(fit, "theta_new_at"))
    for point, estimate in _named(fit, "mu_at"):
        short = cut_name(point)
        add(_AT["mu_at"].format(point=short, prob=_prob(fit)), estimate, new=False)
        if point in new:
            add(_AT["theta_new_at"].format(prob=_prob(fit)), new[point], new=True)
    return rows


def _pooled_labels(fit: "Fit") -> dict[str, str]:
    """Of a meta-regression, the mean is that at some values of the moderators."""
    if fit.problem.design.is_pooled:
        return _SUMMARIES
    values = reference_text(fit)
    where = values if 0 < len(values) <= _LONGEST_REFERENCE else "reference values"
    where = where.replace("{", "{{").replace("}", "}}")
    return {"mu": f"Effect at {where}, {{}} CrI", "theta_new": "New study there, {} PrI"}


def _guides(fit: "Fit", body: list[Row], foot: list[Row]) -> list[Guide]:
    """At the pooled effect down to its diamond; at the mean of each subgroup along its studies."""
    design = fit.problem.design
    if design.is_pooled and foot[0].estimate is not None:
        return [Guide(x=foot[0].estimate.centre, first=-0.5, last=foot[0].place)]
    guides, first = [], 0.0
    for row in body:
        if row.mark == "diamond" and row.estimate is not None:
            guides.append(Guide(x=row.estimate.centre, first=first + 0.5, last=row.place))
        if row.study is None and not row.mark:
            first = row.place if row.indent == 0 else first
    return guides

"""A spec and a study table to the design, and to the clusters of results of one study."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from bayesmeta.errors import SpecError, brief, did_you_mean
from bayesmeta.measures.base import Floats
from bayesmeta.model.columns import column_of, level_of
from bayesmeta.model.design import Design, Groups, Readout
from bayesmeta.model.formula import read_formula
from bayesmeta.spec import Model, Moderators

__all__ = ["clusters_of", "design_of"]

_EMPTY = "the cell is empty"


def design_of(model: Model, table: xr.Dataset) -> Design:
    """The design that a spec asks for.

    Parameters
    ----------
    model
        The ``[model]`` section.
    table
        The studies with their effects.

    Raises
    ------
    SpecError
        A column is not there, or the parts do not go together.
    DataError
        A study has no value in a column.
    """
    design = _with_means(model, table)
    moderators = model.moderators
    if model.time is not None and model.time.effects == "linear":
        if moderators is not None:
            raise SpecError(
                "a line over time is a moderator, and there are others",
                key="model.time",
                hint=f"Write it into the formula: {moderators.formula} + {model.time.column}.",
            )
        moderators = Moderators(formula=f"`{model.time.column}`")
    if moderators is None:
        return design
    terms = read_formula(moderators, table)
    group = model.subgroup or model.time
    _check_points(moderators.at, [*terms.columns, *([group.column] if group is not None else [])])
    design = replace(
        design,
        matrix=terms.matrix,
        terms=terms.names,
        steps=terms.steps,
        spreads=terms.spreads,
        scaled=moderators.scale,
    )
    _check_rank(design)
    if not terms.at_names:
        return design
    member = _members_at(model, design, moderators.at)
    points = Readout(
        names=terms.at_names, of_mu=np.eye(design.count)[member], of_beta=terms.at, member=member
    )
    return replace(design, points=points)


def clusters_of(table: xr.Dataset) -> Groups | None:
    """Which rows are results of one study; None where the model does not ask."""
    if "cluster" not in table:
        return None
    return Groups.of([str(name) for name in table["cluster"].to_numpy()])


def _with_means(model: Model, table: xr.Dataset) -> Design:
    studies = table.sizes["study"]
    time = model.time if model.time is not None and model.time.effects != "linear" else None
    if model.subgroup is not None and time is not None:
        raise SpecError(
            "subgroups and a mean for each time do not go together",
            key="model.time.effects",
            hint='Take effects = "linear", or one subgroup at a time by where.',
        )
    if time is not None:
        values = column_of(table, time.column, "model.time.column", lacking=_EMPTY)
        if values.dtype.kind != "f":
            raise SpecError(
                f"the column {time.column!r} is not of numbers", key="model.time.column"
            )
        times = np.unique(values)
        if times.size < 2:
            raise SpecError(f"all effects are of one time, {times[0]:g}", key="model.time.column")
        walk = time.effects == "random-walk"
        gaps = np.diff(times)
        return Design(
            matrix=np.zeros((studies, 0)),
            subgroups=Groups(
                names=tuple(f"{time.column} {value:g}" for value in times),
                member=np.searchsorted(times, values),
            ),
            means="random-walk" if walk else "independent",
            gaps=gaps / gaps.mean(),
            times=time.column,
        )
    if model.subgroup is None:
        return Design.pooled(studies)
    subgroup = model.subgroup
    values = column_of(table, subgroup.column, "model.subgroup.column", lacking=_EMPTY)
    subgroups = Groups.of([level_of(value) for value in values])
    if len(subgroups.names) < 2:
        raise SpecError(
            f"all studies are of one subgroup, {subgroups.names[0]}",
            key="model.subgroup.column",
            hint="Leave [model.subgroup] out.",
        )
    return Design(
        matrix=np.zeros((studies, 0)),
        subgroups=subgroups,
        means=subgroup.means,
        own_tau=subgroup.tau == "separate",
    )


def _check_points(points: Sequence[Mapping[str, float | str]], columns: Sequence[str]) -> None:
    """Refuse points that name nothing, what the model does not depend on, or what another does."""
    key = "model.moderators.at"
    for count, point in enumerate(points):
        if not point:
            raise SpecError("a point names no column", key=key)
        for name in point:
            if name not in columns:
                raise SpecError(
                    f"the model has no moderator {brief(name)}",
                    key=key,
                    hint=did_you_mean(name, columns),
                )
        if point in points[:count]:
            raise SpecError("two points are the same", key=key, hint="Leave one out.")


def _members_at(
    model: Model, design: Design, points: Sequence[Mapping[str, float | str]]
) -> np.ndarray:
    """The subgroup of each point at which effects are predicted."""
    if design.subgroups is None:
        return np.zeros(len(points), np.intp)
    group = model.subgroup or model.time
    assert group is not None  # where subgroups come from
    names = design.subgroups.names
    found = []
    for point in points:
        value = point.get(group.column)
        name = "" if value is None else level_of(value)
        name = name if model.subgroup is not None else f"{group.column} {name}"
        if name not in names:
            raise SpecError(
                f"a point needs a value of {group.column!r}",
                key="model.moderators.at",
                hint=did_you_mean(name, names),
            )
        found.append(names.index(name))
    return np.array(found, np.intp)


def _check_rank(design: Design) -> None:
    """Refuse terms that the data cannot tell apart."""
    ones = np.ones((design.matrix.shape[0], 1))
    means = ones if design.subgroups is None else design.subgroups.indicators
    whole: Floats = np.concatenate([means, design.matrix], 1)
    size = np.abs(whole).max(0)
    for count in range(means.shape[1] + 1, whole.shape[1] + 1):
        if np.linalg.matrix_rank(whole[:, :count] / size[:count]) < count:
            term = design.terms[count - means.shape[1] - 1]
            raise SpecError(
                f"the data cannot tell {term} from the terms before it: the "
                f"{design.matrix.shape[0]} studies do not differ enough",
                key="model.moderators.formula",
                hint="Leave it out, or merge categories.",
            )

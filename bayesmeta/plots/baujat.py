"""Baujat plot: which studies make the heterogeneity, and which of them move the result."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np

from bayesmeta.classical import baujat_coordinates
from bayesmeta.errors import SpecError, did_you_mean
from bayesmeta.measures.base import IDENTITY, Floats
from bayesmeta.model import Problem
from bayesmeta.plots.effect_axes import ROOM
from bayesmeta.plots.fold import cut_name
from bayesmeta.plots.panels import fitting_ticks, panels
from bayesmeta.plots.point_names import write_names
from bayesmeta.plots.pooled_only import check_pooled, left_out_note, with_std_error
from bayesmeta.plots.style import COLOURS, RC, without_glyph_warnings
from bayesmeta.plots.ticks import round_places

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayesmeta.results import Fit

__all__ = ["baujat", "posterior_shifts"]

Influence = Literal["common", "posterior"]
"""What is said to be moved: the common effect of all studies, or the posterior of mu."""

_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "common": "Influence on the common effect",
        "posterior": "Shift of the posterior mean of μ, in its sds",
    }
)
_FORMULAS: Mapping[str, str] = MappingProxyType(
    {
        "common": "Influence: the squared shift of the common effect without the study, in "
        "variances of that of the others. Weights are by inverse variance; no prior is in these "
        "numbers.",
        "posterior": "Shift: how far the posterior mean of μ is away without the study, in "
        "posterior standard deviations of all studies.",
    }
)
_HEIGHT = 3.4
_LARGEST, _SMALLEST = 0.085, 0.025
"""Radius of the largest circle, and the least of any, in inches."""

_LONGEST = 30
_NAMED = 15
"""With more studies only so many are named, those furthest from the origin."""

_MARGIN = 0.06
_ROUNDING = 1e-12
_FEWEST = 2


def baujat(
    fit: "Fit", *, influence: Influence = "common", title: bool = True, ax: "Axes | None" = None
) -> "Figure":
    """Baujat plot: contribution to heterogeneity against influence on the pooled result.

    Baujat, Mahé, Pignon & Hill 2002, Stat Med 21:2641. On the right are studies that differ from
    the others, on top those that move the result. The x axis is the part of each study in Cochran's
    Q, around the common effect.

    Parameters
    ----------
    fit
        A fit with one pooled effect, of studies that do not depend on each other.
    influence
        ``"common"``: the squared shift of the common effect on leaving the study out, as
        metafor's ``baujat(rma(method="EE"))`` has it. ``"posterior"``: the shift of the posterior
        mean of mu, in posterior standard deviations; by quadrature where it can, otherwise each
        fit is sampled, which takes time.
    title
        Put the title of the analysis above.
    ax
        Axes to draw into, instead of a figure of its own: title and notes are left out then.

    Raises
    ------
    SpecError
        There is more than one mean, there are moderators, rows depend on each other, or fewer than
        two studies have a standard error.
    """
    import matplotlib as mpl

    known, x, y = _coordinates(fit, influence)
    order = np.argsort(np.hypot(x / _top(x), y / _top(y)), kind="stable")
    with mpl.rc_context(RC), without_glyph_warnings():
        figure, (axes,) = panels(
            1,
            title=fit.spec.title if title else "",
            key=[_study_key()],
            notes=_notes(fit, influence, known, x),
            height=_HEIGHT,
            room=ROOM,
            ax=ax,
        )
        axes.set_xlim(-_MARGIN * _top(x), (1 + _MARGIN) * _top(x))
        axes.set_ylim(-_MARGIN * _top(y), (1 + _MARGIN) * _top(y))
        weights = fit.weights.to_numpy()[known]
        radii = np.maximum(_LARGEST * np.sqrt(weights / weights.max()), _SMALLEST)
        _circles(axes, x, y, radii)
        names = _names(fit, known, order[-_NAMED:])
        write_names(axes, list(zip(x, y, strict=True)), names, radii=radii)
        fitting_ticks(axes, IDENTITY, np.nan)
        axes.set_yticks(*round_places(0.0, axes.get_ylim()[1], scale=IDENTITY))
        axes.set_xlabel("Contribution to heterogeneity (Cochran’s Q)", labelpad=4)
        axes.set_ylabel(_LABELS[influence], labelpad=4)
        return figure


def posterior_shifts(fit: "Fit") -> Floats:
    """By how much the posterior mean of mu moves without each study, in posterior sds of all.

    Parameters
    ----------
    fit
        A fit with one pooled effect, of studies that do not depend on each other.

    Returns
    -------
    array, one a study
        Without a sign; NaN where there is no posterior, or it has no mean, without the study.
    """
    # for cost: they bring the engines with them
    from bayesmeta.sensitivity_analysis import Benefit, numbers_of
    from bayesmeta.sensitivity_analysis.variations import leave_one_out

    variations = list(leave_one_out(fit.problem))
    possible: dict[int, Problem] = {
        place: each.problem for place, each in enumerate(variations) if each.problem is not None
    }
    benefit = Benefit(null=None, important=None, higher=None)
    found = numbers_of(list(possible.values()), fit.spec, benefit)
    whole, shifts = fit.estimate("mu"), np.full(fit.table.sizes["study"], np.nan)
    for place, numbers in zip(possible, found, strict=True):
        mean = float(numbers.mu.mean()[0, 0])
        shifts[place] = abs(mean - whole["mean"]) / whole["sd"]
    return shifts


def _coordinates(fit: "Fit", influence: Influence) -> tuple[np.ndarray, Floats, Floats]:
    """Which studies are drawn, and where."""
    if influence not in _LABELS:
        raise SpecError(
            f"a Baujat plot knows no influence {influence!r}",
            hint=did_you_mean(influence, _LABELS),
        )
    check_pooled(fit, "a Baujat plot", independent=True)
    known = with_std_error(fit, "a Baujat plot")
    if known.size < _FEWEST:
        raise SpecError(
            "a Baujat plot compares each study with the others, and here is one with a standard "
            "error",
            hint="Draw forest.",
        )
    effect, error = (fit.table[name].to_numpy()[known] for name in ("effect", "std_error"))
    classical = baujat_coordinates(effect, error**2)
    if influence == "common":
        return known, classical.contribution, classical.influence
    shifts = posterior_shifts(fit)[known]
    there = np.isfinite(shifts)
    if not there.any():
        raise SpecError(
            "without a study the posterior of mu has no mean, or there is none",
            key="priors",
            hint='Take proper priors, or influence = "common".',
        )
    return known[there], classical.contribution[there], shifts[there]


def _top(values: Floats) -> float:
    """The largest; 1 where all are 0, but for rounding."""
    top = float(values.max())
    return top if top > _ROUNDING else 1.0


def _circles(axes: "Axes", x: Floats, y: Floats, radii: Floats) -> None:
    """The studies, small ones on top."""
    order = np.argsort(-radii, kind="stable")
    axes.scatter(
        x[order],
        y[order],
        s=(144 * radii[order]) ** 2,
        facecolor=(*_grey(), 0.3),
        edgecolor=COLOURS["data"],
        linewidth=0.9,
        zorder=4,
    )


def _grey() -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    return to_rgb(COLOURS["data"])


def _names(fit: "Fit", known: np.ndarray, named: np.ndarray) -> list[str]:
    """The names of these points, and "" of the others."""
    studies, chosen = fit.table["study"].to_numpy()[known], set(named.tolist())
    return [
        cut_name(str(study), _LONGEST) if i in chosen else "" for i, study in enumerate(studies)
    ]


def _study_key() -> "Artist":
    from matplotlib.lines import Line2D

    return Line2D(
        [],
        [],
        linestyle="none",
        marker="o",
        markersize=7,
        markerfacecolor=(*_grey(), 0.3),
        markeredgecolor=COLOURS["data"],
        label="study, area by weight in the model",
    )


def _notes(fit: "Fit", influence: Influence, known: np.ndarray, x: Floats) -> list[str]:
    notes = [_FORMULAS[influence], *left_out_note(fit, with_std_error(fit, "a Baujat plot"))]
    missing = np.setdiff1d(with_std_error(fit, "a Baujat plot"), known)
    if missing.size:
        names = ", ".join(
            cut_name(str(n), _LONGEST) for n in fit.table["study"].to_numpy()[missing]
        )
        notes.append(f"Not drawn, because without it mu has no posterior mean: {names}.")
    if x.size > _NAMED:
        notes.append(f"Named are at most {_NAMED} studies, those furthest from the origin.")
    return notes

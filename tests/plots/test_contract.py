"""What every plot does, whatever it draws: axes and titles, hostile names, no setting changed."""

import inspect
import re

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import bayesmeta as bm
from bayesmeta.plots import PLOTS, figure_bytes

SCRIPT = "<script>alert(1)</script>"
NAMES = (SCRIPT, "$x$ costs \\$", "Ünü 2003", "漢字 2004", "שלום 2005", "Plain 2006")
TITLE = "Contract"
MANY = 11
"""Axes, more than any plot has panels for."""

COUNTS = {"measure": "OR", "likelihood": "binomial"}
SAMPLED = {"engine": "nuts", "draws": 300, "chains": 2}
OPTIONS: dict[str, dict[str, object]] = {
    "ranks": {"subgroup": "source"},
    "bubble": {"moderators": "year"},
    "time-course": {"time": {"column": "year", "effects": "linear"}},
    "labbe": COUNTS,
    "absolute-risk": COUNTS,
    "traffic-light": {"risk_of_bias": {"randomisation": "judged"}},
    "trace": SAMPLED,
    "chain-ranks": SAMPLED,
    "ess": SAMPLED,
}
"""What a fit needs for a plot to have something to draw; of the others any will do."""


@pytest.fixture(scope="module")
def studies() -> pd.DataFrame:
    """Six studies with effects, counts, and whatever a plot asks for."""
    return pd.DataFrame(
        {
            "study": NAMES,
            "effect": [-0.2, -0.5, -0.9, -0.4, 0.3, -0.1],
            "std_error": [0.2, 0.3, 0.25, 0.15, 0.4, 0.3],
            "events_treatment": [4, 2, 7, 5, 11, 6],
            "total_treatment": [40, 25, 60, 30, 55, 48],
            "events_control": [9, 3, 12, 8, 9, 7],
            "total_control": [41, 24, 58, 30, 52, 50],
            "source": ["fat", "marrow"] * 3,
            "year": [2012.0, 2014, 2015, 2016, 2019, 2022],
            "judged": ["low", "high", "unclear"] * 2,
        }
    )


@pytest.fixture(scope="module")
def fits(studies: pd.DataFrame) -> dict[str, bm.Fit]:
    """A fit for each plot, alike options fitted once."""
    made: dict[str, bm.Fit] = {}
    found: dict[str, bm.Fit] = {}
    for kind in PLOTS:
        options = {
            "measure": "SMD",
            "title": TITLE,
            "engine": "quadrature",
            "better": "lower",
            **OPTIONS.get(kind, {}),
        }
        counts = [name for name in studies if name.startswith(("events", "total"))]
        own = ["effect", "std_error"] if options["measure"] == "OR" else counts
        key = repr(options)
        if key not in made:
            made[key] = bm.fit(studies.drop(columns=own), **options)
        found[kind] = made[key]
    return found


@pytest.fixture(scope="module", params=PLOTS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each plot."""
    return str(request.param)


def panels_of(fit: bm.Fit, kind: str) -> tuple[Figure, list[Axes]]:
    """The plot in axes that are given: one, or as many as it says."""
    for count in range(1, MANY):
        figure = Figure(figsize=(6, 4))
        given = list(np.ravel(figure.subplots(1, count)))
        try:
            drawn = fit.plot(kind, ax=given)
        except bm.SpecError as error:
            said = str(error)
        else:
            assert drawn is figure
            return figure, given
        needed = re.search(r"(\d+) panels?", said)
        assert needed is not None, said
        assert int(needed[1]) > count
    raise AssertionError(f"{kind} takes no axes")


def test_axes_and_title_are_keywords(kind: str) -> None:
    parameters = inspect.signature(PLOTS[kind]).parameters
    for name, default in (("ax", None), ("title", True)):
        assert parameters[name].kind is inspect.Parameter.KEYWORD_ONLY
        assert parameters[name].default is default


def test_the_title_may_be_left_out(fits: dict[str, bm.Fit], kind: str) -> None:
    assert TITLE in all_text(fits[kind].plot(kind))
    assert TITLE not in all_text(fits[kind].plot(kind, title=False))


def test_axes_that_are_given_are_drawn_into(fits: dict[str, bm.Fit], kind: str) -> None:
    figure, given = panels_of(fits[kind], kind)
    drawn = [axes for axes in figure.axes if axes.has_data() or axes.artists or axes.patches]
    assert all(axes in drawn for axes in given)
    assert TITLE not in all_text(figure)
    assert not figure.legends
    figure_bytes(figure, "svg")


def test_axes_that_are_too_many_are_refused(fits: dict[str, bm.Fit], kind: str) -> None:
    given = list(Figure().subplots(1, MANY))
    with pytest.raises(bm.SpecError, match=f"ax holds {MANY}"):
        fits[kind].plot(kind, ax=given)


def test_what_is_no_axes_is_refused(fits: dict[str, bm.Fit], kind: str) -> None:
    with pytest.raises(bm.SpecError, match="axes of matplotlib"):
        fits[kind].plot(kind, ax=Figure())


def test_no_setting_is_changed(fits: dict[str, bm.Fit], kind: str) -> None:
    before = dict(mpl.rcParams)
    fits[kind].plot(kind)
    panels_of(fits[kind], kind)
    assert dict(mpl.rcParams) == before


def test_names_are_no_markup(fits: dict[str, bm.Fit], kind: str) -> None:
    given, _ = panels_of(fits[kind], kind)
    for figure in (fits[kind].plot(kind), given):
        svg = figure_bytes(figure, "svg").decode()
        assert SCRIPT not in svg
        assert "<script" not in svg
        assert figure_bytes(figure, "png", dpi=40)


def all_text(figure: Figure) -> str:
    """All that is written in a figure."""
    svg = figure_bytes(figure, "svg").decode()
    return " ".join(re.findall(r"<text[^>]*>([^<]*)", svg))

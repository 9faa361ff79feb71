"""Trace, ranks and effective sample sizes of chains: what they draw, and who refuses."""

import math

import arviz_stats as azs
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.plots.chain_ranks import chain_ranks
from bayesmeta.plots.chains import CHAIN_COLOURS, chains_of

KINDS = ("trace", "chain-ranks", "ess")


@pytest.fixture(scope="module")
def sampled(studies: pd.DataFrame) -> bm.Fit:
    """Subgroups with names that a tree cannot have as names, by NUTS."""
    named = studies.assign(source=studies["source"].replace({"fat": "a/b $x$ <i>"}))
    return bm.fit(
        named, measure="SMD", subgroup="source", title="Chains", draws=600, chains=2, engine="nuts"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_each_parameter_has_a_panel_with_its_name(sampled: bm.Fit, kind: str) -> None:
    figure = sampled.plot(kind)
    headings = [axes.get_title(loc="left") for axes in figure.axes]
    assert headings == [
        "μ, a/b $x$ <i>",
        "μ, marrow",
        "μ, cord",
        "μ, overall",
        "τ",
        "ω",
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_one_parameter_goes_into_axes_that_are_given(sampled: bm.Fit, kind: str) -> None:
    figure, axes = plt.subplots()
    before = dict(mpl.rcParams)
    assert sampled.plot(kind, name="tau", ax=axes) is figure
    assert dict(mpl.rcParams) == before
    assert axes.get_title(loc="left") == "τ"
    plt.close(figure)


@pytest.mark.parametrize("kind", KINDS)
def test_quadrature_has_no_chains(exchangeable: bm.Fit, kind: str) -> None:
    with pytest.raises(bm.SpecError, match="exact: there are no chains") as caught:
        exchangeable.plot(kind)
    assert caught.value.hint is not None
    assert '"nuts"' in caught.value.hint


def test_an_unknown_parameter_is_named(sampled: bm.Fit) -> None:
    with pytest.raises(bm.SpecError, match="'taus'") as caught:
        sampled.plot("trace", name="taus")
    assert "tau" in str(caught.value.hint)


def test_a_trace_has_the_draws_of_each_chain(sampled: bm.Fit) -> None:
    (axes,) = sampled.plot("trace", name="tau").axes
    draws = sampled.posterior["tau"].to_numpy()
    step = math.ceil(draws.shape[1] / 250)
    lines = [line for line in axes.lines if line.get_color() in CHAIN_COLOURS]
    assert len(lines) == 2
    for chain, line in enumerate(lines):
        np.testing.assert_array_equal(line.get_ydata(), draws[chain, ::step])
        np.testing.assert_array_equal(line.get_xdata(), np.arange(0, draws.shape[1], step))


def test_a_trace_says_r_hat_of_all_draws(sampled: bm.Fit) -> None:
    (axes,) = sampled.plot("trace", name="tau").axes
    tau = sampled.tree["posterior"].to_dataset()[["tau"]]
    rhat, ess = float(azs.rhat(tau)["tau"]), float(azs.ess(tau)["tau"])
    assert axes.get_title(loc="right") == f"R-hat {rhat:.3f}, ESS {ess:,.0f}"


def test_effective_sizes_are_those_of_the_quantiles(sampled: bm.Fit) -> None:
    (axes,) = sampled.plot("ess", name="tau").axes
    (line,) = [line for line in axes.lines if len(line.get_xdata()) > 2]
    x, y = (np.asarray(values) for values in line.get_data())
    assert (x[0], x[-1]) == (2.5, 97.5)
    tau = sampled.tree["posterior"].to_dataset()[["tau"]]
    for percent, size in zip(x, y, strict=True):
        expected = azs.ess(tau, method="quantile", prob=percent / 100)["tau"]
        assert size == pytest.approx(float(expected))
    (limit,) = [line for line in axes.lines if len(line.get_xdata()) == 2]
    assert list(limit.get_ydata()) == [400, 400]
    assert axes.get_ylim()[0] == 0


def _chain_apart(fit: bm.Fit, shift: float) -> bm.Fit:
    """The same fit, one of its chains moved by so many standard deviations of mu."""
    tree = fit.tree.copy(deep=True)
    mu = tree["posterior"]["mu"]
    moved = np.arange(mu.sizes["chain"]) == 1
    tree["posterior"]["mu"] = mu + shift * float(mu.std()) * mu["chain"].copy(data=moved)
    return type(fit)(tree)


def test_ranks_are_those_among_all_chains_and_a_chain_apart_is_marked(
    odds_ratios: bm.Fit,
) -> None:
    (axes,) = chain_ranks(_chain_apart(odds_ratios, 0.7), name="mu").axes
    (text,) = axes.texts
    assert text.get_text() == "p = 0.00 (α = 0.01)"
    marked = sum(len(points.get_offsets()) for points in axes.collections)
    assert marked > 0
    low = min(line.get_ydata().min() for line in axes.lines if len(line.get_xdata()) > 2)
    assert low < -0.15  # the chain has fewer small draws


def test_chains_that_are_alike_stay_near_zero(odds_ratios: bm.Fit) -> None:
    (axes,) = chain_ranks(odds_ratios, name="mu").axes
    lines = [line for line in axes.lines if len(line.get_xdata()) > 2]
    assert len(lines) == odds_ratios.posterior.sizes["chain"]
    assert max(np.abs(line.get_ydata()).max() for line in lines) < 0.15


def test_more_parameters_than_panels_are_counted(sampled: bm.Fit) -> None:
    tree = sampled.tree.copy()
    mu = sampled.posterior["mu"].isel(subgroup=[0, 1, 2] * 4)
    names = [f"s{i}" for i in range(12)]
    rest = sampled.posterior[["tau", "omega"]]
    tree["posterior"] = type(tree)(rest.assign(mu=mu.assign_coords(subgroup=names)))
    shown, notes = chains_of(bm.Fit(tree), None)
    assert len(shown) == 12
    assert notes == ["2 more parameters are not shown; the option name shows one alone."]

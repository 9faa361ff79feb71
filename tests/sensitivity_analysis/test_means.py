"""Several means under other priors, against fits that have these priors."""

from pathlib import Path

import numpy as np
import pytest

import bayesmeta as bm
from bayesmeta.sensitivity_analysis import means_under_priors

MODELS = Path(__file__).parents[2] / "models"


@pytest.mark.parametrize("kind", ["eti", "hdi"])
def test_each_row_is_a_fit_with_that_prior(kind: str) -> None:
    spec = MODELS / "oa-pain-by-source.toml"
    fit = bm.fit(spec, engine="quadrature", kind=kind)
    found = means_under_priors(fit)
    assert [each.label for each in found] == [
        "as fitted",
        "omega ~ HalfNormal(0.25)",
        "omega ~ HalfNormal(1)",
        "tau ~ HalfNormal(0.25)",
        "tau ~ HalfNormal(1)",
    ]
    others = {0: {}, 2: {"omega": "HalfNormal(1)"}, 3: {"tau": "HalfNormal(0.25)"}}
    if kind == "hdi":  # shortest intervals take seconds
        others = {2: others[2]}
    for place, priors in others.items():
        each = found[place]
        other = bm.fit(spec, engine="quadrature", kind=kind, **priors)
        rows = other.estimates[other.estimates["name"] == "mu"]
        for end in ("median", "lower", "upper"):
            assert np.allclose(getattr(each, end), rows[end], atol=1e-7)
        contrasts = other.estimates[other.estimates["name"] == "contrast"]
        assert each.apart == ((contrasts["lower"] > 0) | (contrasts["upper"] < 0)).sum()


def test_one_mean_and_sampled_models_have_none(odds_ratios: bm.Fit) -> None:
    plain = bm.fit(MODELS / "oa-pain.toml", engine="quadrature")
    assert means_under_priors(plain) == []
    assert means_under_priors(odds_ratios) == []


def test_one_mean_of_nested_results() -> None:
    spec = MODELS / "oa-pain-over-time.toml"
    fit = bm.fit(spec, engine="quadrature", time={"column": "months", "effects": "linear"})
    found = means_under_priors(fit)
    assert [each.label.partition(" ")[0] for each in found] == ["as", "tau", "tau", "tau_within"]
    other = bm.fit(
        spec,
        engine="quadrature",
        time={"column": "months", "effects": "linear"},
        tau="HalfNormal(1)",
    )
    assert found[2].median == pytest.approx(other.estimate("mu")["median"], abs=1e-7)
    assert {each.apart for each in found} == {0}

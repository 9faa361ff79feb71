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
        "omega ~ HalfNormal(sigma=0.25)",
        "omega ~ HalfNormal(sigma=1)",
        "tau ~ HalfNormal(sigma=0.25)",
        "tau ~ HalfNormal(sigma=1)",
    ]
    for each, priors in zip(
        (found[0], found[2], found[3]),
        ({}, {"omega": "HalfNormal(1)"}, {"tau": "HalfNormal(0.25)"}),
        strict=True,
    ):
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

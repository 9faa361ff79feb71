"""Mixtures of priors."""

import numpy as np
import pytest

from bayesmeta.errors import PriorError
from bayesmeta.priors import parse_prior

TWO = "Mixture(w=[0.8, 0.2], comp_dists=[Normal(0, 0.3), Normal(1, 2)])"


def test_the_density_is_the_weighted_sum():
    prior, x = parse_prior(TWO), np.array([-3.0, 0.0, 0.5, 4.0])
    first, second = parse_prior("Normal(0, 0.3)"), parse_prior("Normal(1, 2)")
    np.testing.assert_allclose(prior.pdf(x), 0.8 * first.pdf(x) + 0.2 * second.pdf(x), rtol=1e-12)
    np.testing.assert_allclose(prior.cdf(x), 0.8 * first.cdf(x) + 0.2 * second.cdf(x), rtol=1e-12)


def test_components_have_the_weights():
    prior = parse_prior(TWO)
    assert [weight for weight, _ in prior.components] == [0.8, 0.2]
    assert [part.expression for _, part in prior.components] == [
        "Normal(mu=0, sigma=0.3)",
        "Normal(mu=1, sigma=2)",
    ]
    assert parse_prior("Normal(0, 1)").components == ()


def test_a_mixture_of_mixtures_is_taken_apart():
    prior = parse_prior(f"Mixture(w=[0.5, 0.5], comp_dists=[{TWO}, Normal(3, 1)])")
    assert [weight for weight, _ in prior.components] == [0.4, 0.1, 0.5]
    assert not any(part.components for _, part in prior.components)


def test_the_density_is_smooth_between_the_ends_of_its_parts():
    prior = parse_prior("Mixture(w=[0.3, 0.7], comp_dists=[Uniform(0, 1), HalfNormal(1)])")
    assert prior.breaks == (0.0, 1.0, np.inf)
    assert parse_prior("Uniform(0, 4)").breaks == (0.0, 4.0)
    assert parse_prior("HalfNormal(1)").breaks == (0.0, np.inf)


def test_the_heaviest_part_has_the_tail():
    prior = parse_prior("Mixture(w=[0.5, 0.5], comp_dists=[HalfNormal(1), HalfCauchy(1)])")
    assert (prior.tail, prior.log_tail) == (2, False)
    prior = parse_prior("Mixture(w=[0.5, 0.5], comp_dists=[LogT(5), HalfCauchy(1)])")
    assert (prior.tail, prior.log_tail) == (1, True)


def test_quantiles_of_very_different_parts():
    prior = parse_prior("Mixture(w=[0.5, 0.5], comp_dists=[HalfNormal(1e-6), HalfCauchy(1e6)])")
    q = np.array([1e-6, 0.3, 0.499, 0.6, 0.99999])
    np.testing.assert_allclose(prior.cdf(prior.ppf(q)), q, rtol=1e-9)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            "Normal(0.2, 0.3)",
            [(0.8, "Normal(mu=0.2, sigma=0.3)"), (0.2, "Normal(mu=0.2, sigma=4)")],
        ),
        ("Cauchy(1, 2)", [(0.8, "Cauchy(alpha=1, beta=2)"), (0.2, "Normal(mu=1, sigma=4)")]),
        (
            "Mixture([0.5, 0.5], [Normal(0, 1), Normal(1, 1)])",
            [
                (0.4, "Normal(mu=0, sigma=1)"),
                (0.4, "Normal(mu=1, sigma=1)"),
                (0.2, "Normal(mu=0.5, sigma=4)"),
            ],
        ),
    ],
)
def test_a_robust_prior_mixes_a_vague_normal_one_in(given, expected):
    """Schmidli et al. 2014, Biometrics 70:1023."""
    prior = parse_prior(f"Robust({given})")
    assert [(weight, part.expression) for weight, part in prior.components] == expected
    assert "Schmidli" in prior.source
    assert parse_prior(prior.expression, source=prior.source) == prior


def test_a_robust_prior_can_be_given_a_weight_and_a_width():
    prior = parse_prior("Robust(Normal(0, 1), weight=0.5, sd=10)")
    assert prior.components[1][0] == 0.5
    assert prior.components[1][1].arguments["sigma"] == 10


def test_parts_keep_what_they_were_made_for():
    prior = parse_prior("Robust(Bartos2021(subfield='Heart'))", parameter="mu")
    assert prior.made_for == ("SMD", "SMDH")
    assert "Stat Med 2021" in prior.source
    assert parse_prior(prior.expression, source=prior.source, parameter="mu") == prior


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("Mixture(w=[0.8, 0.1], comp_dists=[Normal(0, 1), Normal(0, 2)])", "sum to 1"),
        ("Mixture(w=[1.2, -0.2], comp_dists=[Normal(0, 1), Normal(0, 2)])", "above 0"),
        ("Mixture(w=[1], comp_dists=[Normal(0, 1), Normal(0, 2)])", "2 distributions and 1 weight"),
        ("Mixture(w=[0.5, 0.5], comp_dists=[Normal(0, 1), Flat()])", "Flat.* is improper"),
        ("Mixture(w=[0.5, 0.5], comp_dists=[Normal(0, 1), 3])", "is a distribution, not 3"),
        ("Mixture(w=0.5, comp_dists=[Normal(0, 1)])", "w of Mixture is a list"),
        ("Robust(HalfNormal(1))", "no proper prior of mu"),
        ("Robust(Flat())", "no proper prior of mu"),
        ("Robust(Normal(0, 1), weight=1)", "between 0 and 1"),
        ("Robust(Normal(0, 1), sd=0)", "must be above 0"),
        ("Mixture(w=[0.5, 0.5], comp_dists=[Turner2015(), Rhodes2015()])", "different measures"),
    ],
)
def test_impossible_mixtures(expression, message):
    with pytest.raises(PriorError, match=message):
        parse_prior(expression)

"""Means and standard deviations from medians, quartiles, ranges, and several arms."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from bayesmeta.measures.moments import combine_arms, moments_from_quantiles

CONVERSION_RTOL = 1e-9
"""Closed forms against numbers that R prints in full."""

WAN_TABLES_RTOL = 5e-3
"""R's meta divides by the expected range up to 50 patients and by the expected interquartile
range up to 201, three decimals in Wan et al. 2014, tables 1 and 2; here it is always their closed
form (equations 9 and 16), which is within half a percent of the tables from 20 patients on."""

POOLED_RTOL = 1e-12
"""The same sums in another order."""

PRINTED_HALF_DIGIT = 0.5e-3
"""Half the last digit of a number with three decimals."""

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "conversions.json").read_text(encoding="utf-8")
)
FIVE = REFERENCE["conv_fivenum"]
ARGUMENTS = {
    "total": "n",
    "median": "median",
    "q1": "q1",
    "q3": "q3",
    "minimum": "min",
    "maximum": "max",
}


def case(number):
    """One case of R's `conv.fivenum`: what is given, the mean, the standard deviation."""
    i = FIVE["input"]["case"].index(number)
    given = {ours: FIVE["input"][theirs][i] for ours, theirs in ARGUMENTS.items()}
    results = FIVE["luo/wan/shi|norm"]
    return given, results["mean"][i], results["sd"][i]


@pytest.mark.parametrize(
    "number", [1, 4, 2, 5], ids=["range", "range 2", "quartiles", "quartiles 2"]
)
def test_moments_from_range_or_quartiles_are_those_of_conv_fivenum(number):
    given, mean, sd = case(number)
    moments = moments_from_quantiles(**given)
    assert moments.mean == pytest.approx(mean, rel=CONVERSION_RTOL)
    assert moments.sd == pytest.approx(sd, rel=CONVERSION_RTOL)


def test_the_mean_from_five_numbers_is_that_of_conv_fivenum():
    # Its standard deviation there is that of Shi et al. 2020, which is not offered.
    given, mean, _ = case(3)
    assert moments_from_quantiles(**given).mean == pytest.approx(mean, rel=CONVERSION_RTOL)


def test_moments_from_five_numbers_are_those_of_metamean():
    given = REFERENCE["metamean_median"]
    moments = moments_from_quantiles(**{ours: given[name] for ours, name in ARGUMENTS.items()})
    np.testing.assert_allclose(moments.mean, given["Luo Wan"]["mean"], rtol=CONVERSION_RTOL)
    np.testing.assert_allclose(moments.sd, given["Luo Wan"]["sd"], rtol=WAN_TABLES_RTOL)


def test_the_standard_deviation_from_five_numbers_is_the_mean_of_the_two():
    given, _, _ = case(3)
    ends = {name: given[name] for name in ("minimum", "maximum")}
    quartiles = {name: given[name] for name in ("q1", "q3")}
    both = {"total": given["total"], "median": given["median"]}
    sd_range = moments_from_quantiles(**both, **ends).sd
    sd_quartiles = moments_from_quantiles(**both, **quartiles).sd
    expected = (sd_range + sd_quartiles) / 2
    assert moments_from_quantiles(**given).sd == pytest.approx(expected, rel=POOLED_RTOL)


@pytest.mark.parametrize(
    "given",
    [{}, {"q1": 4}, {"q3": 10, "maximum": 14}],
    ids=["median alone", "one quartile", "one end of each"],
)
def test_the_median_alone_does_not_do(given):
    with pytest.raises(ValueError, match="give quartiles or range"):
        moments_from_quantiles(total=20, median=6, **given)


@pytest.mark.parametrize("sizes", [(12, 30), (5, 5, 5), (2, 40, 17, 8)])
def test_combined_arms_are_all_participants_together(sizes):
    rng = np.random.default_rng(20261122)
    arms = [rng.integers(0, 101, size) for size in sizes]
    everyone = np.concatenate(arms)
    combined = combine_arms(
        total=sizes,
        mean=[arm.mean() for arm in arms],
        sd=[arm.std(ddof=1) for arm in arms],
    )
    assert combined.total == everyone.size
    assert combined.mean == pytest.approx(everyone.mean(), rel=POOLED_RTOL)
    assert combined.sd == pytest.approx(everyone.std(ddof=1), rel=POOLED_RTOL)


def test_two_arms_combine_by_the_formula_of_the_cochrane_handbook():
    # Table 6.5.a of the Handbook, with its letters.
    (n1, m1, s1), (n2, m2, s2) = (25, 4.2, 1.9), (41, 5.0, 2.6)
    expected = np.sqrt(
        ((n1 - 1) * s1**2 + (n2 - 1) * s2**2 + n1 * n2 / (n1 + n2) * (m1**2 + m2**2 - 2 * m1 * m2))
        / (n1 + n2 - 1)
    )
    combined = combine_arms(total=[n1, n2], mean=[m1, m2], sd=[s1, s2])
    assert combined.sd == pytest.approx(expected, rel=POOLED_RTOL)


def test_many_trials_are_combined_at_once():
    total, mean, sd = np.array([[10, 10], [25, 41]]), np.array([[2, 2], [4.2, 5]]), np.ones((2, 2))
    combined = combine_arms(total=total, mean=mean, sd=sd)
    one = combine_arms(total=total[1], mean=mean[1], sd=sd[1])
    assert combined.sd.shape == (2,)
    assert combined.sd[1] == one.sd


@pytest.mark.parametrize("months", ["0", "12"])
def test_dose_arms_combine_to_the_row_of_the_data(months):
    path = Path(__file__).parents[2] / "data" / "msc_oa_vas.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["months"] == months]
    arms = [row for row in rows if row["trial"].startswith("Lamo-Espinosa 2016,")]
    (whole,) = (row for row in rows if row["trial"] == "Lamo-Espinosa 2016")
    combined = combine_arms(
        total=[float(arm["n_msc"]) for arm in arms],
        mean=[float(arm["mean_msc"]) for arm in arms],
        sd=[float(arm["sd_msc"]) for arm in arms],
    )
    assert len(arms) == 2
    assert combined.total == float(whole["n_msc"])
    assert combined.mean == pytest.approx(float(whole["mean_msc"]), abs=PRINTED_HALF_DIGIT)
    assert combined.sd == pytest.approx(float(whole["sd_msc"]), abs=PRINTED_HALF_DIGIT)

"""Every formula against R's `escalc`, study by study (R and package versions are in the file)."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from bayesmeta.measures import MEASURES
from bayesmeta.spec import Effect, ZeroCells

ESCALC_RTOL = 1e-9
"""Closed forms in double precision against numbers that R prints in full."""

VARIANTS_NOT_OFFERED = {
    "AV": "the average proportion or mean of all studies in each study's variance",
    "AVHO": "AV and HO at once",
    "HO": "one standard deviation or variance for both arms",
    "LS2": "a second form of the large-sample variance",
    "UB": "an unbiased estimate of the variance",
}
"""Other variances of `escalc` (its `vtype`). A measure here has one, the large-sample variance
"LS", which is R's default."""

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "escalc.json").read_text(encoding="utf-8")
)
COMPARED = [
    entry
    for entry in REFERENCE["entries"]
    if entry["options"].get("vtype") not in VARIANTS_NOT_OFFERED
]

ROWS_COMPARED = {
    "OR": (25, 505, 62),
    "RR": (25, 505, 62),
    "RD": (25, 505, 20),
    "PETO": (24, 492, 40),
    "MD": (6, 248, 0),
    "SMD": (9, 372, 0),
    "SMDH": (9, 372, 0),
    "ROM": (9, 372, 0),
    "MN": (3, 124, 0),
    "PLO": (4, 61, 0),
    "PR": (4, 61, 0),
    "PFT": (4, 61, 0),
    "IR": (1, 9, 0),
    "IRLN": (7, 117, 6),
    "MC": (2, 10, 0),
    "SMCC": (2, 10, 0),
    "SMCR": (3, 15, 0),
    "ROMC": (2, 10, 0),
    "IRR": (2, 15, 0),
    "IRD": (2, 15, 0),
    "ZCOR": (2, 176, 0),
}
"""By measure: calls of `escalc`, study rows that are compared, and how many of these have no
value in R, and so none here. The documentation shows these counts."""

EVENTS = {
    "ai": "events_treatment",
    "n1i": "total_treatment",
    "ci": "events_control",
    "n2i": "total_control",
}
MEANS = {
    "m1i": "mean_treatment",
    "sd1i": "sd_treatment",
    "n1i": "total_treatment",
    "m2i": "mean_control",
    "sd2i": "sd_control",
    "n2i": "total_control",
}
PAIRS = {
    "m1i": "mean_after",
    "sd1i": "sd_after",
    "m2i": "mean_before",
    "sd2i": "sd_before",
    "ni": "total",
    "ri": "r",
}
RATES = {
    "x1i": "events_treatment",
    "t1i": "time_treatment",
    "x2i": "events_control",
    "t2i": "time_control",
}
ONE_RATE = {"xi": "events", "ti": "time"}
PROPORTIONS = {"xi": "events", "ni": "total"}
COLUMN_OF = {
    **dict.fromkeys(("OR", "RR", "RD", "PETO"), EVENTS),
    **dict.fromkeys(("MD", "SMD", "SMDH", "ROM"), MEANS),
    **dict.fromkeys(("MC", "SMCC", "ROMC"), PAIRS),
    # SMCR standardises by one standard deviation: R calls it sd1i, here it is that before.
    # Where a call gives sd2i as well, R does not use it.
    "SMCR": {**PAIRS, "sd1i": "sd_before", "sd2i": "sd_after"},
    **dict.fromkeys(("IRR", "IRD"), RATES),
    **dict.fromkeys(("IR", "IRLN"), ONE_RATE),
    **dict.fromkeys(("PR", "PLO", "PFT"), PROPORTIONS),
    "MN": {"mi": "mean", "sdi": "sd", "ni": "total"},
    "ZCOR": {"ri": "correlation", "ni": "total"},
}
"""The arguments of `escalc` and the columns that they are here, by measure."""

NON_EVENTS = {"bi": ("ai", "n1i"), "di": ("ci", "n2i"), "mi": ("xi", "ni")}
"""Non-events, the events they belong to, and the total they make together."""


def columns_of(entry):
    """The numbers of one call of `escalc`, under the names that they have here."""
    raw = REFERENCE["raw"][entry["dataset"]]
    given = {argument: np.array(raw[name], float) for argument, name in entry["args"].items()}
    for rest, (events, total) in NON_EVENTS.items():
        if rest in given and events in given:
            given[total] = given[events] + given.pop(rest)
    names = COLUMN_OF[entry["measure"]]
    return {names[argument]: values for argument, values in given.items()}


def effect_of(entry):
    """The options of one call of `escalc` as the ``[effect]`` section of a spec."""
    options = entry["options"]
    rule = ZeroCells(
        add=options.get("add", 0.5),
        to=options.get("to", "only0"),
        drop00=options.get("drop00", False),
    )
    return Effect(
        measure=entry["measure"],
        zero_cells=rule,
        bias_correction=options.get("correct", True),
    )


def estimates(entry):
    """Effect and variance of each study; NaN where R has NA, which it writes for infinity too."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found = MEASURES[entry["measure"]].formula(columns_of(entry), effect_of(entry))
    usable = np.isfinite(found.effect) & np.isfinite(found.variance)
    if found.dropped is not None:
        usable &= ~found.dropped
    return np.where(usable, found.effect, np.nan), np.where(usable, found.variance, np.nan)


def rows_compared():
    """Calls of `escalc`, study rows, and rows without a value, by measure."""
    calls, rows, missing = Counter(), Counter(), Counter()
    for entry in COMPARED:
        code = entry["measure"]
        calls[code] += 1
        rows[code] += len(entry["yi"])
        missing[code] += entry["yi"].count(None)
    return {code: (calls[code], rows[code], missing[code]) for code in calls}


def name_of(entry):
    options = ",".join(f"{key}={value}" for key, value in entry["options"].items())
    return f"{entry['measure']}-{entry['dataset']}-{options or 'default'}"


@pytest.mark.parametrize("entry", COMPARED, ids=name_of)
def test_effect_and_variance_are_those_of_escalc(entry):
    effect, variance = estimates(entry)
    np.testing.assert_allclose(effect, np.array(entry["yi"], float), rtol=ESCALC_RTOL)
    np.testing.assert_allclose(variance, np.array(entry["vi"], float), rtol=ESCALC_RTOL)


def test_every_measure_is_compared():
    assert set(rows_compared()) == {code for code, measure in MEASURES.items() if measure.formula}


def test_the_counts_in_the_documentation_are_true():
    assert rows_compared() == ROWS_COMPARED


def test_only_named_variants_are_left_out():
    variants = {entry["options"].get("vtype") for entry in REFERENCE["entries"]}
    assert variants - {None, "LS"} == set(VARIANTS_NOT_OFFERED)
    assert {entry["options"].get("vtype") for entry in COMPARED} == {None, "LS"}
    assert {entry["measure"] for entry in REFERENCE["entries"]} <= set(MEASURES)


def test_every_option_of_escalc_is_understood():
    given = {option for entry in REFERENCE["entries"] for option in entry["options"]}
    assert given == {"add", "to", "drop00", "correct", "vtype"}

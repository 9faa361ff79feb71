"""Why methods differ: each sentence stands where it holds, and nowhere else."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.comparison.explanations import _RULES

PRIORS_OF_MU = {"mu": "Normal(0, 4)"}
PRIORS = PRIORS_OF_MU | {"tau": "HalfNormal(0.5)"}

TOYS: dict[str, tuple[str, list[tuple[float, ...]], dict[str, object]]] = {
    "one study": ("GEN", [(-0.5, 0.2)], PRIORS),
    "twelve that agree": ("GEN", [(-0.5, 0.2)] * 12, PRIORS),
    "three that hardly differ": ("HR", [(-0.35, 0.2), (-0.1, 0.25), (-0.6, 0.3)], PRIORS),
    "eight that differ": (
        "GEN",
        [(effect, 0.1) for effect in (-1.2, -0.3, -0.7, -0.9, -0.2, -1.4, -0.5, -0.8)],
        PRIORS,
    ),
    "small ones that differ from the large one": (
        "GEN",
        [(-0.1, 0.05), (-0.9, 0.3), (-1.2, 0.4), (-0.8, 0.3), (-1.5, 0.5)],
        PRIORS,
    ),
    "a narrow prior of tau": (
        "GEN",
        [(-1.5, 0.1), (1.4, 0.1), (-1.0, 0.1), (1.2, 0.1)],
        PRIORS | {"tau": "HalfNormal(0.1)"},
    ),
    "a narrow prior of mu": (
        "GEN",
        [(1.0, 0.3), (0.8, 0.3), (1.2, 0.3)],
        PRIORS | {"mu": "Normal(0, 0.3)"},
    ),
    "a flat prior of mu, two to all": (
        "OR",
        [(1, 10, 2, 10), (3, 20, 1, 20), (2, 15, 2, 15)],
        {"mu": "Flat()", "tau": "HalfNormal(0.1)", "zero_cells": {"add": 2, "to": "all"}},
    ),
    "a prior of mu that knows": (
        "GEN",
        [(0.5, 0.4), (0.5, 0.4), (0.5, 0.4)],
        PRIORS | {"mu": "Normal(0.5, 0.1)"},
    ),
    "an empty cell": (
        "OR",
        [(1, 200, 6, 100), (0, 150, 4, 60), (12, 60, 10, 55), (2, 300, 5, 90)],
        {},
    ),
    "one tenth to all": (
        "OR",
        [(1, 200, 6, 100), (0, 150, 4, 60), (12, 60, 10, 55), (2, 300, 5, 90)],
        {"zero_cells": {"add": 0.1, "to": "all"}},
    ),
    "one study, common effect": ("GEN", [(-0.5, 0.2)], {**PRIORS_OF_MU, "heterogeneity": "common"}),
    "two at 90 %": ("GEN", [(-0.5, 0.2), (0.3, 0.25)], PRIORS | {"prob": 0.9}),
    "two at 95 %": ("GEN", [(-0.5, 0.2), (0.3, 0.25)], PRIORS),
    "a prior of mu far from the data": (
        "GEN",
        [(1.0, 0.1), (1.1, 0.1), (0.9, 0.1), (1.0, 0.1)],
        PRIORS | {"mu": "Normal(4, 0.05)"},
    ),
    "a study without events": ("OR", [(40, 400, 60, 410), (70, 600, 90, 580), (0, 30, 0, 30)], {}),
    "a study with nothing but events": (
        "RR",
        [(40, 400, 60, 410), (70, 600, 90, 580), (30, 30, 31, 31)],
        {},
    ),
    "the same, as RevMan": (
        "RR",
        [(40, 400, 60, 410), (70, 600, 90, 580), (30, 30, 31, 31)],
        {"zero_cells": {"revman": True}},
    ),
    "a standard deviation of 0": (
        "MD",
        [(5.1, 2, 30, 6, 2.2, 31), (4.8, 1.7, 22, 5.9, 1.9, 20), (5, 0, 20, 6, 2, 20)],
        PRIORS,
    ),
    "risk differences with an empty cell": (
        "RD",
        [(1, 200, 6, 100), (0, 150, 4, 60), (12, 60, 10, 55)],
        PRIORS,
    ),
    "the same differences, as RevMan": (
        "RD",
        [(1, 200, 6, 100), (0, 150, 4, 60), (12, 60, 10, 55)],
        PRIORS | {"zero_cells": {"revman": True}},
    ),
    "large arms": ("OR", [(40, 400, 60, 410), (70, 600, 90, 580), (55, 500, 80, 510)], {}),
    "exact differences": ("SMD", [(5.1, 2, 30, 6, 2.2, 31), (4.8, 1.7, 22, 5.9, 1.9, 20)], {}),
    "RevMan's differences": (
        "SMD",
        [(5.1, 2, 30, 6, 2.2, 31), (4.8, 1.7, 22, 5.9, 1.9, 20)],
        {"smd": "revman"},
    ),
}
"""Toy studies, by what there is to say of them: measure, studies, options."""

COLUMNS = {
    2: ["effect", "std_error"],
    4: ["events_treatment", "total_treatment", "events_control", "total_control"],
    6: [f"{name}_{arm}" for arm in ("treatment", "control") for name in ("mean", "sd", "total")],
}

SENTENCES: dict[str, tuple[list[str], list[str]]] = {
    "The conclusion depends on the method": (
        ["one study", "three that hardly differ", "a narrow prior of mu"],
        ["twelve that agree", "eight that differ", "large arms"],
    ),
    "There is one study.": (
        ["one study"],
        ["one study, common effect", "twelve that agree", "exact differences"],
    ),
    "1 study has an empty cell": (["an empty cell"], ["large arms", "one study"]),
    "The binomial likelihood takes the counts as they are, with nothing added": (
        ["an empty cell", "large arms", "a study without events"],
        ["one study", "exact differences"],
    ),
    "1 study is left out by every row": (
        ["a study without events"],
        ["large arms", "an empty cell"],
    ),
    "1 study with nothing but events in both arms RevMan would keep": (
        ["a study with nothing but events"],
        ["the same, as RevMan", "a study without events"],
    ),
    "1 study of the Bayesian fit is not estimable by RevMan's rules": (
        ["a standard deviation of 0"],
        ["exact differences", "large arms"],
    ),
    "an empty cell, to which one half is added. ": (
        ["an empty cell"],
        ["large arms", "risk differences with an empty cell", "one tenth to all"],
    ),
    "one half is added (in RevMan's rows for the standard error alone)": (
        ["risk differences with an empty cell"],
        ["the same differences, as RevMan", "an empty cell"],
    ),
    "one half is added for the standard error.": (
        ["the same differences, as RevMan"],
        ["risk differences with an empty cell"],
    ),
    "In the Bayesian fit 0.1 is added to the cells of 4 studies": (
        ["one tenth to all"],
        ["an empty cell"],
    ),
    "The Mantel-Haenszel weights give": (["an empty cell"], ["large arms", "eight that differ"]),
    "estimate of tau is 0": (
        ["twelve that agree", "three that hardly differ", "large arms"],
        ["one study", "eight that differ"],
    ),
    "weigh the studies more equally": (
        ["small ones that differ from the large one"],
        ["eight that differ", "twelve that agree", "an empty cell"],
    ),
    "by their precision and tau instead of Mantel and Haenszel's weights": (
        ["an empty cell"],
        ["small ones that differ from the large one", "large arms"],
    ),
    "small studies may have found something else": (
        ["small ones that differ from the large one"],
        ["eight that differ"],
    ),
    "DerSimonian-Laird estimates tau as": (
        ["small ones that differ from the large one"],
        ["twelve that agree", "eight that differ"],
    ),
    "the standard error of HKSJ, which rests on their spread, is 0": (
        ["twelve that agree"],
        ["one study", "three that hardly differ"],
    ),
    "HKSJ takes a t-distribution": (
        ["three that hardly differ", "a narrow prior of tau"],
        ["one study", "eight that differ", "twelve that agree"],
    ),
    "are 6.5 times as wide as normal ones": (["two at 95 %"], ["two at 90 %"]),
    "are 3.8 times as wide as normal ones": (["two at 90 %"], ["two at 95 %"]),
    "RevMan's random-effects interval treats tau as known": (
        ["three that hardly differ", "eight that differ", "twelve that agree"],
        ["one study", "one study, common effect", "a narrow prior of tau"],
    ),
    "In the Bayesian fit 2 is added to the cells of 3 studies": (
        ["a flat prior of mu, two to all"],
        ["one tenth to all"],
    ),
    "which treats tau as known to be 0.000.": (
        ["a flat prior of mu, two to all"],
        ["a prior of mu that knows"],
    ),
    "adds information.": (["a prior of mu that knows"], ["a flat prior of mu, two to all"]),
    "lies lower.": (
        ["a narrow prior of tau"],
        ["eight that differ", "a prior of mu far from the data"],
    ),
    "and is about as wide.": (
        ["twelve that agree", "two at 95 %"],
        ["eight that differ", "one study"],
    ),
    "The prior of mu (": (["a narrow prior of mu"], ["eight that differ", "one study"]),
    "its own small-sample formulas": (["exact differences"], ["RevMan's differences", "one study"]),
    "the true effect in a new study may be on either": (
        ["eight that differ", "small ones that differ from the large one"],
        ["one study", "twelve that agree", "a narrow prior of tau"],
    ),
}
"""A part of each sentence, toys of which it is said and of which it is not."""


@cache
def said_of(toy: str) -> str:
    measure, studies, options = TOYS[toy]
    frame = pd.DataFrame(studies, columns=COLUMNS[len(studies[0])])
    frame["study"] = [f"Toy {2001 + i}" for i in range(len(studies))]
    scale = {"scale": "analysis"} if measure == "HR" else {}
    found = bm.compare(frame, measure=measure, engine="quadrature", **scale, **options)
    return "\n".join(found.sentences)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_stands_where_it_holds(sentence: str) -> None:
    of, not_of = SENTENCES[sentence]
    assert [toy for toy in of if sentence not in said_of(toy)] == []
    assert [toy for toy in not_of if sentence in said_of(toy)] == []


def test_every_sentence_is_listed_here() -> None:
    assert len(SENTENCES) >= len(_RULES)
    for toy in TOYS:
        for line in said_of(toy).splitlines():
            assert any(sentence in line for sentence in SENTENCES), line


@pytest.mark.parametrize("toy", TOYS)
def test_every_comparison_says_something_and_nothing_undefined(toy: str) -> None:
    text = said_of(toy)
    assert bool(text) == (toy != "one study, common effect")  # where all methods are one
    assert "nan" not in text
    assert "inf" not in text.replace("information", "")


def test_the_numbers_in_a_sentence_are_those_of_the_formulas() -> None:
    """Mantel-Haenszel and inverse variance, Deeks and Higgins 2010, one half in all four cells."""
    a, n1, c, n2 = np.array(TOYS["an empty cell"][1], float).T
    half = np.where((a == 0) | (c == 0), 0.5, 0)
    a, b, c, d = (cell + half for cell in (a, n1 - a, c, n2 - c))
    total = a + b + c + d
    pooled = (a * d / total).sum() / (b * c / total).sum()
    weight = 1 / (1 / a + 1 / b + 1 / c + 1 / d)
    inverse = np.exp((weight * np.log(a * d / (b * c))).sum() / weight.sum())
    said = f"weights give {pooled:.2f} where inverse variance gives {inverse:.2f}:"
    assert said in said_of("an empty cell")

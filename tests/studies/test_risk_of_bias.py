"""Judgements of the risk of bias: their words, and the table of a fit that holds them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.errors import DataError, SpecError
from bayesmeta.exports import export_fit
from bayesmeta.results.export import summary_to_csv, summary_to_dict
from bayesmeta.spec import load_spec
from bayesmeta.studies import Judgement, judgements_in, read_csv, read_review, study_table
from bayesmeta.studies.risk_of_bias import (
    JUDGEMENTS,
    judgement_of,
    judgements_of_outcome,
    worst_judgement,
)

DOMAINS = {"Randomisation": "rand", "Blinding: $x$ <b>": "blind"}


@pytest.fixture
def frame() -> pd.DataFrame:
    """Five studies, one without an effect; judgements in several ways of writing."""
    return pd.DataFrame(
        {
            "study": ["A", "B", "C", "D", "E"],
            "effect": [0.1, 0.4, 0.2, np.nan, 0.3],
            "std_error": [0.1, 0.2, 0.2, 0.2, 0.3],
            "group": ["x", "x", "y", "y", "y"],
            "rand": ["+", "High risk", "?", "low", None],
            "blind": ["Some concerns", "-", "unclear risk of bias", "low", ""],
        }
    )


def fitted(frame: pd.DataFrame, **options: Any) -> bm.Fit:
    given = {"measure": "SMD", "engine": "quadrature", "risk_of_bias": DOMAINS, **options}
    return bm.fit(frame, **given)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((word, word) for word in JUDGEMENTS),
        ("+", "low"),
        ("-", "high"),
        ("−", "high"),
        ("?", "unclear"),
        (" Low  risk ", "low"),
        ("LOW RISK OF BIAS", "low"),
        ("High", "high"),
        ("H", "high"),
        ("risk of bias: high", "high"),
        ("Some  Concerns", "some concerns"),
        ("Unclear risk", "unclear"),
        ("Not applicable", ""),
        ("", ""),
    ],
)
def test_words_and_signs(text: str, expected: str) -> None:
    assert judgement_of(text) == expected


@pytest.mark.parametrize("text", ["serious", "lowish", "++", "1", "yes", "low high", "<b>low</b>"])
def test_another_word_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        judgement_of(text)


def test_the_worst_of_several() -> None:
    assert worst_judgement(["low", "", "some concerns", "unclear"]) == "some concerns"
    assert worst_judgement(["", ""]) == ""


def test_a_fit_holds_the_judgements_of_its_studies(frame: pd.DataFrame) -> None:
    fit = fitted(frame)
    found = fit.table["risk_of_bias"]
    assert found.dims == ("study", "domain")
    assert list(found["domain"].to_numpy()) == list(DOMAINS)
    assert list(found["study"].to_numpy()) == ["A", "B", "C", "E"]
    assert found.to_numpy().tolist() == [
        ["low", "some concerns"],
        ["high", "high"],
        ["unclear", "unclear"],
        ["", ""],
    ]


def test_they_survive_a_file(frame: pd.DataFrame, tmp_path: Path) -> None:
    fit = fitted(frame)
    again = bm.load(fit.save(tmp_path / "fit.nc"))
    assert again.table["risk_of_bias"].equals(fit.table["risk_of_bias"])
    assert again.spec.data.risk_of_bias == DOMAINS
    assert judgements_in(again.table) is not None


def test_rows_that_are_left_out_take_theirs_along(frame: pd.DataFrame) -> None:
    fit = fitted(frame, where="group == 'y'")
    assert fit.table["risk_of_bias"].to_numpy().tolist() == [["unclear", "unclear"], ["", ""]]


def test_no_judgements_no_variable(frame: pd.DataFrame) -> None:
    fit = fitted(frame, risk_of_bias={})
    assert "risk_of_bias" not in fit.table
    assert judgements_in(fit.table) is None


def test_a_column_of_this_name_stays_a_column(frame: pd.DataFrame) -> None:
    own = frame.assign(risk_of_bias=["low", "high", "high", "low", "low"])
    fit = fitted(own, risk_of_bias={}, subgroup="risk_of_bias")
    assert fit.table["risk_of_bias"].dims == ("study",)
    assert judgements_in(fit.table) is None
    with pytest.raises(SpecError, match="a column of the table is named 'risk_of_bias'") as error:
        fitted(own)
    assert "Rename the column" in str(error.value.hint)


def test_another_word_is_an_error_that_says_where(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("study,effect,std_error,rand\nA,1,1,low\nB,1,1,serious\n", encoding="utf-8")
    with pytest.raises(DataError, match="'serious' is no judgement") as error:
        study_table(read_csv(path), risk_of_bias={"Randomisation": "rand"})
    wrong = error.value
    assert (wrong.file, wrong.row, wrong.study, wrong.column) == (path, 3, "B", "rand")
    assert "low, some concerns, unclear or high" in str(wrong.hint)


def test_an_unknown_column_is_an_error_that_names_the_nearest(frame: pd.DataFrame) -> None:
    with pytest.raises(SpecError, match="no column 'randd'") as error:
        fitted(frame, risk_of_bias={"Randomisation": "randd"})
    assert error.value.key == "data.risk_of_bias.Randomisation"
    assert error.value.hint == "Did you mean 'rand'?"


def test_a_spec_names_the_columns(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("study,yi\n", encoding="utf-8")
    spec = tmp_path / "a.toml"
    spec.write_text(
        '[data]\nfile = "s.csv"\n[data.risk_of_bias]\n"Bias: of all" = "o"\nRand = "r"\n'
        '[effect]\nmeasure = "MD"\n',
        encoding="utf-8",
    )
    assert load_spec(spec).data.risk_of_bias == {"Bias: of all": "o", "Rand": "r"}
    added = load_spec(spec, {"risk_of_bias": {"Rand": "s"}}).data.risk_of_bias
    assert added == {"Bias: of all": "o", "Rand": "s"}


@pytest.mark.parametrize(
    "options",
    [
        {"subgroup": "group"},
        {"moderators": "group"},
        {"heterogeneity": "common"},
        {"heterogeneity": "nested", "cluster": "group", "fixed_rho": 0.5},
    ],
)
def test_structures_are_fitted_with_them(frame: pd.DataFrame, options: dict[str, Any]) -> None:
    fit = fitted(frame, **options)
    assert fit.table["risk_of_bias"].sizes == {"study": 4, "domain": 2}
    bare = fitted(frame, risk_of_bias={}, **options)
    pd.testing.assert_frame_equal(fit.estimates, bare.estimates)


def test_they_are_no_column_of_a_model(frame: pd.DataFrame) -> None:
    with pytest.raises(SpecError, match="no column 'risk_of_bias'"):
        fitted(frame, subgroup="risk_of_bias")


def test_what_uses_a_fit_does_not_mind(frame: pd.DataFrame) -> None:
    fit, bare = fitted(frame), fitted(frame, risk_of_bias={})
    assert summary_to_csv(fit) == summary_to_csv(bare)
    summaries = [summary_to_dict(one) | {"provenance": None} for one in (fit, bare)]
    assert summaries[0] == summaries[1]
    for name in ("metafor", "revman-csv"):
        assert export_fit(fit, name) == export_fit(bare, name)
    options = {"tipping": False, "power_scaling": False}
    varied = [bm.sensitivity(one, **options) for one in (fit, bare)]
    assert varied[0].cells() == varied[1].cells()
    compared = [bm.compare(one).table for one in (fit, bare)]
    pd.testing.assert_frame_equal(*compared)


def test_arms_that_are_combined_have_the_worst() -> None:
    frame = pd.DataFrame(
        {
            "study": ["A (low)", "A (high)", "B"],
            "trial": ["A", "A", "B"],
            "events_treatment": [3, 4, 5],
            "total_treatment": [20, 20, 30],
            "events_control": [6, 6, 7],
            "total_control": [25, 25, 30],
            "rand": ["low", "some concerns", "high"],
            "blind": ["low", "", ""],
        }
    )
    shared = {"column": "trial", "method": "combine"}
    fit = fitted(frame, measure="OR", shared_control=shared)
    assert fit.table["risk_of_bias"].to_numpy().tolist() == [
        ["some concerns", "low"],
        ["high", ""],
    ]
    assert list(fit.table["domain"].to_numpy()) == list(DOMAINS)


# Reviews


def test_a_judgement_of_the_outcome_goes_before_one_of_all() -> None:
    judgements = [
        Judgement(study="Ada", domain="Blinding", judgement="high", outcome="deaths"),
        Judgement(study="Ada", domain="Blinding", judgement="low"),
        Judgement(study="Ada", domain="Blinding", judgement="unclear", outcome="Pain"),
        Judgement(study="Bo", domain="Blinding", judgement="low", outcome="All outcomes"),
        Judgement(study="Bo", domain="Other", judgement="Grave"),
        Judgement(study="Gone", domain="Other", judgement="high"),
    ]
    found, unknown = judgements_of_outcome(
        judgements, analysis="1.1", name="Deaths", studies=["Ada", "Bo"]
    )
    assert found == {"Blinding": {"Ada": "high", "Bo": "low"}}
    assert unknown == ["Grave"]


def test_a_file_of_revman_brings_its_own(revman_files: Path) -> None:
    path = revman_files / "antibiotics-for-sore-throat_v2.rm5"
    fit = bm.fit(path, analysis="1.1", engine="quadrature")
    found = fit.table["risk_of_bias"]
    assert found.sizes == {"study": 15, "domain": 6}
    review = read_review(path)
    for each in review.risk_of_bias:
        if each.study in found["study"].to_numpy():
            assert str(found.sel(study=each.study, domain=each.domain).item()) == each.judgement
    others = bm.fit(path, analysis="2.1", engine="quadrature").table["risk_of_bias"]
    assert set(others["study"].to_numpy()) <= {each.study for each in review.risk_of_bias}


def test_words_of_a_file_of_revman_that_are_not_known(review_xml: str, tmp_path: Path) -> None:
    path = tmp_path / "review.rm5"
    path.write_text(
        review_xml.replace('RESULT="YES"', 'RESULT="GRAVE"').replace("Deaths", "Hours"),
        encoding="utf-8",
    )
    review = read_review(path)
    frame = review.frame(review.outcome("1.2"))
    assert frame.attrs["risk_of_bias"] == {}
    assert frame.attrs["warnings"] == (
        "Risk of bias: 'GRAVE' is no judgement that is known, and is left out.",
    )
    assert review.frame(review.outcome("1.1")).attrs["risk_of_bias"] == {"Blinding": {"Cy": "high"}}

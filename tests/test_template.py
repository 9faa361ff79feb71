"""``bayesmeta init`` writes a spec that a person would start from, for any table."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import bayesmeta as bm
from bayesmeta.cli.main import main
from bayesmeta.spec import build_spec
from bayesmeta.studies import read_csv, study_table
from bayesmeta.template import spec_template

DATA = Path(__file__).parents[1] / "data"

NO_EFFECT = {
    "msc_oa_single_arm.csv": "For MC (mean change) there is no column total",
    "msc_sle_table1.csv": "For PLO (proportion) there is no column events",
    "msc_ssc_adverse_events.csv": "For PLO (proportion) there is no column events",
}
"""Tables from which no effect can be computed under the names that they use, and what is said."""

USABLE = [path for path in sorted(DATA.glob("*.csv")) if path.name not in NO_EFFECT]
BINARY = "study,events_treatment,total_treatment,events_control,total_control"
ROW = "1,10,2,10"


def spec_of(folder: Path, content: str, name: str = "studies.csv") -> tuple[dict[str, Any], str]:
    """The tables and the text of the spec for a file."""
    (folder / name).write_text(content, encoding="utf-8")
    text = spec_template(folder / name, beside=folder)
    return tomllib.loads(text), text


def uncommented(text: str, pattern: str = r"\w+ = ") -> str:
    """The spec with its examples made active, as a person would."""
    return re.sub(rf"^# ({pattern})", r"\1", text, flags=re.MULTILINE)


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    return int(stopped.value.code or 0)


# The tables of this repository


@pytest.mark.parametrize("data", USABLE, ids=lambda data: data.stem)
def test_the_spec_of_each_table_can_be_used_as_it_is(data: Path, tmp_path: Path) -> None:
    """But for the correlation of paired data, which nobody but the user can give."""
    path = tmp_path / "spec.toml"
    path.write_text(spec_template(data, beside=tmp_path), encoding="utf-8")
    assert bm.check(path, r=0.5).table.sizes["study"] > 0


@pytest.mark.parametrize("data", USABLE, ids=lambda data: data.stem)
def test_the_example_of_a_filter_keeps_rows(data: Path, tmp_path: Path) -> None:
    text = spec_template(data, beside=tmp_path)
    where = tomllib.loads(uncommented(text, "where = "))["data"]["where"]
    frame = read_csv(data)
    assert 0 < study_table(frame, where=where).sizes["study"] < len(frame)


@pytest.mark.parametrize("data", USABLE, ids=lambda data: data.stem)
def test_the_other_examples_are_valid(data: Path, tmp_path: Path) -> None:
    spec = build_spec({}, tables=tomllib.loads(uncommented(spec_template(data, beside=tmp_path))))
    assert spec.effect.better == "higher"
    assert spec.priors.tau == "HalfNormal(0.5)"


@pytest.mark.parametrize(("name", "said"), NO_EFFECT.items())
def test_a_table_without_effects_says_what_is_missing(name: str, said: str) -> None:
    with pytest.raises(bm.DataError, match=re.escape(said)) as caught:
        spec_template(DATA / name, beside=DATA)
    assert caught.value.file == DATA / name


def test_the_whole_text_for_one_table(tmp_path: Path) -> None:
    content = (
        "Trial;n1;mean1;sd1;n2;mean2;sd2;outcome;weeks;note\n"
        "Ann 2001;10;1,5;0,5;11;2,5;0,5;pain;6;a long remark that nobody would choose rows by, "
        "ever\n"
        "Ann 2001;10;1,5;0,5;11;2,5;0,5;function;12;\n"
        "Bob 2002;10;1,5;0,5;11;2,5;0,5;pain;6;\n"
    )
    _, text = spec_of(tmp_path, content, "knee_pain.csv")
    assert text == (
        'title = "knee pain"\n'
        "\n"
        "[data]\n"
        'file = "knee_pain.csv"\n'
        'study = "Trial"\n'
        "# 3 rows, 2 studies: choose one row a study, or they count as independent.\n"
        "# where = \"outcome == 'pain'\"\n"
        "#   outcome holds 'pain', 'function'\n"
        "#   weeks holds 6, 12\n"
        "\n"
        "[data.columns]                  # our name = the name in the file\n"
        'mean_treatment = "mean1"\n'
        'sd_treatment = "sd1"\n'
        'total_treatment = "n1"\n'
        'mean_control = "mean2"\n'
        'sd_control = "sd2"\n'
        'total_control = "n2"\n'
        "\n"
        "[effect]\n"
        'measure = "MD"                  '
        "# SMD where the trials use different scales; or SMDH, ROM\n"
        '# better = "higher"             # direction of benefit: "higher" or "lower"\n'
        "# important = 1.5               # smallest important effect, on the display scale\n"
        "\n"
        "[model]\n"
        'likelihood = "normal"\n'
        'heterogeneity = "normal"        # or "common", "student-t", "mixture", "nested"\n'
        '# subgroup = "tissue_source"    # a mean for each subgroup, by a column\n'
        '# moderators = "year"           # what the mean depends on, by columns\n'
        "\n"
        "[priors]                        # without these lines the defaults are used and printed\n"
        '# mu = "Normal(0, 2)"           # pooled effect, on the analysis scale (log for ratios)\n'
        '# tau = "HalfNormal(0.5)"       # standard deviation of the effects, on the same scale\n'
        "\n"
        "[engine]\n"
        'name = "nuts"\n'
        "seed = 20261122\n"
    )


# Which measure

MEASURES = {
    "counts": (f"{BINARY}\nA,{ROW}\n", {"measure": "OR"}),
    "person-time": (
        "study,events_treatment,time_treatment,events_control,time_control\nA,1,10,2,10\n",
        {"measure": "IRR"},
    ),
    "one group, counts": ("study,events,n\nA,1,10\n", {"measure": "PLO"}),
    "one group, means": ("study,mean,sd,n\nA,1,1,10\n", {"measure": "MN"}),
    "correlations": ("study,cor,n\nA,0.5,10\n", {"measure": "ZCOR"}),
    "before and after": (
        "study,n,mean_pre,sd_pre,mean_post,sd_post\nA,10,1,1,2,1\n",
        {"measure": "MC"},
    ),
    "before and after, with r": (
        "study,n,mean_pre,sd_pre,mean_post,sd_post,r\nA,10,1,1,2,1,0.7\n",
        {"measure": "MC"},
    ),
    "estimates": ("study,yi,sei,n\nA,0.5,0.1,9\n", {"measure": "GEN"}),
    "SMD": ("study,SMD,lower,upper\nA,0.5,0.1,0.9\n", {"measure": "SMD"}),
    "odds ratios": ("study,OR,ci_low,ci_up\nA,2,1,4\n", {"measure": "OR", "scale": "display"}),
    "log odds ratios": ("study,log_or,se\nA,0.5,0.1\n", {"measure": "OR", "scale": "analysis"}),
    "risk ratios": ("study,risk ratio,p\nA,2,0.04\n", {"measure": "RR", "scale": "display"}),
    "raw before estimates": (
        f"{BINARY},logor,se\nA,{ROW},0.5,0.1\n",
        {"measure": "OR"},
    ),
}


@pytest.mark.parametrize(("content", "effect"), MEASURES.values(), ids=MEASURES)
def test_the_measure_follows_from_the_columns(
    tmp_path: Path, content: str, effect: dict[str, object]
) -> None:
    tables, text = spec_of(tmp_path, content)
    assert tables["effect"] == effect
    (tmp_path / "spec.toml").write_text(text, encoding="utf-8")
    assert bm.check(tmp_path / "spec.toml", r=0.5).table.sizes["study"] == 1


@pytest.mark.parametrize(
    ("content", "needed"),
    [
        ("study,risk ratio,se\nA,2,0.1\n", False),
        ("study,smd,se\nA,2,0.1\n", False),
        ("study,md,se,n\nA,2,0.1,40\n", False),
        ("study,md,se\nA,2,0.1\n", True),
    ],
    ids=["ratio", "standardised difference", "difference with patients", "difference"],
)
def test_it_says_where_priors_have_no_default(tmp_path: Path, content: str, needed: bool) -> None:
    """Without the number of patients a difference has no unit-information prior."""
    tables, text = spec_of(tmp_path, content)
    assert tables["priors"] == {}
    assert ("mu and tau are needed" in text) == needed


def test_a_p_value_is_used_where_there_is_nothing_better(tmp_path: Path) -> None:
    """Published p-values are often bounds, which cannot be read."""
    with_interval, _ = spec_of(tmp_path, "study,md,ci_low,ci_high,p\nA,1,0,2,<0.05\n")
    with_both, _ = spec_of(tmp_path, "study,md,se,ci_low,ci_high,p\nA,1,,0,2,<0.05\n")
    alone, _ = spec_of(tmp_path, "study,md,p\nA,1,0.04\n")
    assert set(with_interval["data"]["columns"]) == {"effect", "lower", "upper"}
    assert set(with_both["data"]["columns"]) == {"effect", "std_error", "lower", "upper"}
    assert set(alone["data"]["columns"]) == {"effect", "p_value"}


WITHOUT = {
    "nothing": ("a,b\n1,2\n", "Recognised are, for example, events_treatment"),
    "a variance": ("study,yi,vi\nA,1,2\n", "needs a std_error (the square root of a variance)"),
    "half of the columns": (
        "study,events1,n1,events2\nA,1,2,3\n",
        "For OR (odds ratio) there is no column total_control (patients in the control arm).",
    ),
    "no rows": ("study,yi,sei\n", "the table has no rows"),
    "no text": ("", "the file is empty"),
}


@pytest.mark.parametrize(("content", "said"), WITHOUT.values(), ids=WITHOUT)
def test_what_cannot_be_proposed(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(bm.DataError, match=re.escape(said)):
        spec_of(tmp_path, content)


# Odd files and names

ODD = {
    "quotes": "a \"b\" 'c'",
    "backslash": r"C:\new\table",
    "lines": "two\nlines",
    "tab": "a\tb",
    "delete": "a\x7fb",
    "null escape": r"\u0000",
    "unicode": "Müller – 臨床 👩‍🔬",
    "right to left": "כהן\u202e",
    "line separator": "a\u2028b\u0085c",
    "hash": "# not a comment",
    "TOML": 'x"\n[effect]\nmeasure = "RD',
    "markup": "<b>&amp;</b>[red]",
    "long": "x" * 3000,
}


@pytest.mark.parametrize("name", ODD.values(), ids=ODD)
def test_odd_names_and_values_to_filter_by(tmp_path: Path, name: str) -> None:
    cell = '"' + name.replace('"', '""') + '"'
    tables, text = spec_of(
        tmp_path, f"study,events1,n1,events2,n2,{cell}\n{cell},1,10,2,10,{cell}\nB,{ROW},y\n"
    )
    assert tables["effect"] == {"measure": "OR"}
    (tmp_path / "spec.toml").write_text(uncommented(text, "where = "), encoding="utf-8")
    table = bm.check(tmp_path / "spec.toml").table
    assert list(table["row"].to_numpy()) == ([2] if "# where" in text else [2, 3])


@pytest.mark.parametrize(
    "stem", [name for name in ODD.values() if "/" not in name and len(name) < 100], ids=ascii
)
def test_odd_names_of_files(tmp_path: Path, stem: str) -> None:
    tables, text = spec_of(tmp_path, f"{BINARY}\nA,{ROW}\n", f"{stem}.csv")
    assert tables["data"]["file"] == f"{stem}.csv"
    assert tables["title"] == stem.replace("_", " ").replace("-", " ")
    (tmp_path / "spec.toml").write_text(text, encoding="utf-8")
    assert bm.check(tmp_path / "spec.toml").spec.title == tables["title"]


def test_the_column_of_names_may_have_any_name(tmp_path: Path) -> None:
    tables, _ = spec_of(tmp_path, "Study ID,Log OR,Std. Err.\nA,1,2\n")
    assert tables["data"]["study"] == "Study ID"
    assert tables["data"]["columns"] == {"effect": "Log OR", "std_error": "Std. Err."}


def test_columns_with_our_names_need_no_mapping(tmp_path: Path) -> None:
    tables, text = spec_of(tmp_path, f"{BINARY}\nA,{ROW}\n")
    assert "columns" not in tables["data"]
    assert "[data.columns]" not in text


def test_without_a_column_of_names_it_says_so(tmp_path: Path) -> None:
    tables, text = spec_of(tmp_path, "yi,sei\n1,2\n")
    assert "study" not in tables["data"]
    assert "no column of names was recognised" in text


# The command


def test_the_file_is_found_from_the_folder_of_the_spec(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text(f"{BINARY}\nA,{ROW}\n")
    monkeypatch.chdir(tmp_path)
    assert run("init", "data/a.csv", "--out", "models/deep/a.toml") == 0
    assert "Next: bayesmeta check models/deep/a.toml" in capsys.readouterr().out
    spec = tomllib.loads((tmp_path / "models/deep/a.toml").read_text())
    assert spec["data"]["file"] == "../../data/a.csv"
    monkeypatch.chdir("/")
    assert run("check", tmp_path / "models/deep/a.toml") == 0


def test_beside_the_data_by_default(tmp_path: Path) -> None:
    (tmp_path / "my.studies.csv").write_text(f"{BINARY}\nA,{ROW}\n")
    assert run("init", tmp_path / "my.studies.csv") == 0
    assert (tmp_path / "my.studies.toml").is_file()


def test_a_spec_that_is_there_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.csv").write_text(f"{BINARY}\nA,{ROW}\n")
    (tmp_path / "a.toml").write_text("mine")
    assert run("init", tmp_path / "a.csv") == 2
    assert "a.toml is there already; --force writes over it" in capsys.readouterr().err
    assert (tmp_path / "a.toml").read_text() == "mine"
    assert run("init", tmp_path / "a.csv", "--force") == 0
    assert tomllib.loads((tmp_path / "a.toml").read_text())["effect"] == {"measure": "OR"}


def test_the_data_are_never_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{BINARY}\nA,{ROW}\n")
    assert run("init", path, "--out", tmp_path / "." / "a.csv", "--force") == 2
    assert "is the table itself" in capsys.readouterr().err
    assert path.read_text() == f"{BINARY}\nA,{ROW}\n"

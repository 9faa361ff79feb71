"""The lists of names: priors for a measure."""

import pytest

from bayesmeta.cli.main import main
from bayesmeta.errors import SpecError
from bayesmeta.measures import MEASURES
from bayesmeta.names import names, priors_for


def test_priors_are_listed_with_what_they_are_for() -> None:
    rows = {row[0]: row[1:] for row in names("priors")}
    assert rows["LogT(nu, mu, sigma)"] == ("", "tau")
    assert rows["Jeffreys()"] == ("improper", "tau")
    assert rows["Turner2015(outcome, comparison)"] == ("", "tau")
    assert rows["Mixture(w=[...], comp_dists=[...])"] == ("", "mu, tau")
    assert len(rows) == len(names("priors"))


def test_priors_for_a_measure_begin_with_its_defaults() -> None:
    header, mu, tau, first, *_ = priors_for("OR")
    assert header[-2:] == ("median", "95 % point")
    assert mu[:3] == ("mu", "default", "Normal(mu=0, sigma=4)")
    assert tau == ("tau", "default", "HalfNormal(sigma=0.5)", "", "0.337", "0.98")
    assert first == ("tau", "Turner2012", "any", "any", "0.278", "1.16")


@pytest.mark.parametrize(
    ("code", "published"), [("OR", 10 + 81 + 107), ("SMD", 73 + 94), ("RR", 107), ("MD", 0)]
)
def test_every_setting_for_a_measure_is_listed(code: str, published: int) -> None:
    assert len(priors_for(code)) == 3 + published


@pytest.mark.parametrize("code", MEASURES)
def test_every_measure_has_a_list(code: str) -> None:
    rows = priors_for(code)
    assert {len(row) for row in rows} == {6}
    assert [row[:2] for row in rows[1:3]] == [("mu", "default"), ("tau", "default")]


def test_an_unknown_measure_names_the_nearest() -> None:
    with pytest.raises(SpecError, match="unknown measure"):
        priors_for("ORR")


def test_the_command_lists_priors_for_a_measure(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["list", "priors", "--for", "RR"])
    assert left.value.code in (0, None)
    assert "Bartos2023" in capsys.readouterr().out
    with pytest.raises(SystemExit) as left:
        main(["list", "plots", "--for", "RR"])
    assert left.value.code == 2
    assert "--for goes with priors" in capsys.readouterr().err

"""Which numbers of a file stand for nothing."""

import pytest

from bayesmeta.parity.placeholders import stands_for_nothing
from bayesmeta.studies import Method, Settings, Stored


@pytest.mark.parametrize(
    ("quantity", "stored", "measure", "method", "nothing"),
    [
        ("effect", {"effect": 0.0}, "RR", "MH", True),
        ("effect", {"effect": 3.3}, "RR", "MH", False),
        ("weight", {"weight": 12.0}, "RR", "MH", False),
        ("p_chi2", {"p_chi2": 1.0}, "RR", "MH", True),
        ("p_chi2", {"p_chi2": 0.01}, "RR", "MH", False),
        ("effect", {"effect": 1.0}, "RR", "MH", False),
        ("chi2", {"chi2": 3e-33, "i2": 100.0}, "RR", "MH", True),
        ("i2", {"chi2": 3e-33, "i2": 100.0}, "RR", "MH", True),
        ("i2", {"chi2": 7.7, "i2": 85.0}, "RR", "MH", False),
        ("i2", {"i2": 85.0}, "RR", "MH", False),
        ("subgroup_i2", {"subgroup_chi2": 2e-31, "subgroup_i2": 100.0}, "RR", "MH", True),
        ("log10_upper", {"log10_upper": -1.3}, "RD", "MH", True),
        ("log10_upper", {"log10_upper": -1.3}, "RR", "MH", False),
        ("o_e", {"o_e": -2.5}, "PETO", "PETO", True),
        ("variance", {"variance": 0.2}, "OR", "MH", False),
    ],
)
def test_only_named_placeholders_stand_for_nothing(
    quantity: str, stored: Stored, measure: str, method: Method, nothing: bool
) -> None:
    settings = Settings(measure=measure, measure_text="", method=method, random=False)
    assert stands_for_nothing(quantity, stored, settings) is nothing

"""The gallery in ``docs/`` shows every plot, and is what its script makes."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from bayesmeta.plots import PLOTS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "gallery.md"
REMAKE = "run .venv/bin/python docs/make_gallery.py"


@pytest.fixture(scope="module")
def gallery() -> ModuleType:
    """The script, which is no part of a package."""
    spec = importlib.util.spec_from_file_location("make_gallery", ROOT / "docs/make_gallery.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_every_plot_has_its_section_and_picture() -> None:
    parts = PAGE.read_text(encoding="utf-8").split("\n## ")[1:]
    by_heading = {part.splitlines()[0]: part for part in parts}
    assert set(PLOTS) <= set(by_heading), REMAKE
    for kind in PLOTS:
        pictures = [path for path in (PAGE.parent / "gallery").iterdir() if path.stem == kind]
        if "No model in `models/` has what this plot needs" in by_heading[kind]:
            assert not pictures
        else:
            (picture,) = pictures
            assert f"](gallery/{picture.name})" in by_heading[kind]
            assert picture.stat().st_size < 250_000


def test_the_script_makes_the_same_page(gallery: ModuleType) -> None:
    assert gallery.page(gallery.sections()) == PAGE.read_text(encoding="utf-8"), REMAKE

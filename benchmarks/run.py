"""Measure how long fits take, here and in R; write a page, its plot and its numbers.

.venv/bin/python benchmarks/run.py [--quick] [--redraw] [--out FILE]
"""

import argparse
import tempfile
from pathlib import Path

from collect import FULL, QUICK, collect
from machine import describe_machine
from plot import draw
from tables import to_markdown
from timings import load, save

_QUIET = 0.5
"""Load above which something else is running."""

_OUT = Path(__file__).parent / "RESULTS.md"


def main() -> None:
    """Read the flags and do what they say."""
    parser = argparse.ArgumentParser(description="Measure how long fits take, here and in R.")
    parser.add_argument("--quick", action="store_true", help="few repeats; minutes less")
    parser.add_argument("--redraw", action="store_true", help="measure nothing; read the numbers")
    parser.add_argument(
        "--out", type=Path, default=_OUT, metavar="FILE", help="the page (%(default)s)"
    )
    flags = parser.parse_args()
    flags.out.parent.mkdir(parents=True, exist_ok=True)
    stem = flags.out.stem.casefold()
    numbers, picture = (flags.out.with_name(stem + suffix) for suffix in (".json", ".svg"))
    if flags.redraw:
        results = load(numbers)
    else:
        machine = describe_machine()
        with tempfile.TemporaryDirectory() as folder:
            results = collect(QUICK if flags.quick else FULL, Path(folder))
        results.machine = machine | results.machine
        if float(machine["load before the run"]) > _QUIET:
            results.notes.insert(0, "**The machine was busy: the times are not to be relied on.**")
        save(results, numbers)
    draw(results, picture)
    flags.out.write_text(to_markdown(results, plot=picture.name), encoding="utf-8")
    print(f"written: {flags.out} {picture} {numbers}")


if __name__ == "__main__":
    main()

"""Run the tools in processes of their own, and read what they print."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["ROutput", "command_of", "python_fits", "r_script", "r_versions", "seconds_in_shell"]

_HERE = Path(__file__).parent


@dataclass(kw_only=True)
class ROutput:
    """What an R script printed: the numbers of each word, and the intervals."""

    numbers: dict[str, list[float]] = field(default_factory=dict)
    intervals: dict[str, list[float]] = field(default_factory=dict)


def python_fits(task: str, *arguments: object) -> dict[str, Any]:
    """Run ``python_fits.py``; ``first`` is the time from its start to the end of its first fit."""
    started = time.time()
    output = json.loads(_run(command_of("python", task, *arguments)))
    if "first_done" in output:
        output["first"] = output.pop("first_done") - started
    return output


def r_script(name: str, task: str, *arguments: object) -> ROutput:
    """Run ``NAME.R`` and read its lines."""
    output = ROutput()
    for line in _run(command_of(name, task, *arguments)).splitlines():
        word, *rest = line.split()
        if word == "interval":
            output.intervals[rest[0]] = [float(number) for number in rest[1:]]
        else:
            output.numbers.setdefault(word, []).append(float(rest[0]))
    return output


def r_versions(name: str) -> dict[str, str]:
    """Versions of R and of a package; RuntimeError says what is missing."""
    if shutil.which("Rscript") is None:
        raise RuntimeError("there is no Rscript")
    lines = [line.split() for line in _run(command_of(name, "versions")).splitlines()]
    return {package: version for _, package, version in lines}


def seconds_in_shell(command: Sequence[str], repeats: int) -> list[float]:
    """Seconds of a whole process, from its start until it has printed everything."""
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        _run(command)
        seconds.append(time.perf_counter() - started)
    return seconds


def command_of(name: str, task: str, *arguments: object) -> list[str]:
    """The command line of ``python_fits.py`` or of an R script."""
    program = (
        [sys.executable, str(_HERE / "python_fits.py")]
        if name == "python"
        else ["Rscript", str(_HERE / f"{name}.R")]
    )
    return [*program, task, *map(str, arguments)]


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-3:]
        raise RuntimeError(" ".join(last) or f"{command[0]} ended with {done.returncode}")
    return done.stdout

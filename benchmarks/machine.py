"""What the measurements are taken on."""

import datetime as dt
import importlib.metadata
import os
import platform
from pathlib import Path

__all__ = ["describe_machine"]

_PACKAGES = ("bayesmeta", "numpy", "scipy", "pandas", "pymc", "nutpie", "arviz")


def describe_machine() -> dict[str, str]:
    """Date, processor, load, operating system and versions."""
    load, _, _ = os.getloadavg()
    return {
        "date": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "load before the run": f"{load:.2f}",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in _PACKAGES},
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()

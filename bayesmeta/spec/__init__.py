"""A TOML file or keywords to a frozen `Spec`."""

from bayesmeta.spec.load import OPTIONS, build_spec, load_spec, read_tables
from bayesmeta.spec.schema import (
    Compare,
    Data,
    Effect,
    Engine,
    Interval,
    Labels,
    Model,
    Priors,
    Published,
    Spec,
    ZeroCells,
)

__all__ = [
    "OPTIONS",
    "Compare",
    "Data",
    "Effect",
    "Engine",
    "Interval",
    "Labels",
    "Model",
    "Priors",
    "Published",
    "Spec",
    "ZeroCells",
    "build_spec",
    "load_spec",
    "read_tables",
]

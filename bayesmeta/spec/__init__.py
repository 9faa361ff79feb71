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
    Moderators,
    Priors,
    Published,
    SharedControl,
    Spec,
    Subgroup,
    Time,
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
    "Moderators",
    "Priors",
    "Published",
    "SharedControl",
    "Spec",
    "Subgroup",
    "Time",
    "ZeroCells",
    "build_spec",
    "load_spec",
    "read_tables",
]

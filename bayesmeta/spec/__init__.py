"""A TOML file or keywords to a frozen `Spec`."""

from bayesmeta.spec.load import OPTIONS, build_spec, load_spec
from bayesmeta.spec.schema import (
    Data,
    Effect,
    Engine,
    Interval,
    Labels,
    Model,
    Priors,
    Spec,
    ZeroCells,
)

__all__ = [
    "OPTIONS",
    "Data",
    "Effect",
    "Engine",
    "Interval",
    "Labels",
    "Model",
    "Priors",
    "Spec",
    "ZeroCells",
    "build_spec",
    "load_spec",
]

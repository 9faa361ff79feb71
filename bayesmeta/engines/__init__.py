"""A `Problem` to draws.

To add an engine is one file of this folder and one line in `ENGINES`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from bayesmeta.engines.base import Engine
from bayesmeta.engines.nuts import fit_nuts
from bayesmeta.engines.quadrature import fit_quadrature

__all__ = ["ENGINES", "Engine"]

ENGINES: Mapping[str, Engine] = MappingProxyType({"nuts": fit_nuts, "quadrature": fit_quadrature})
"""Every engine by its name in a spec."""

"""How the true effects of the studies vary around the pooled effect.

To add one is one file of this folder and one line in `HETEROGENEITIES`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from bayesmeta.model.heterogeneity.base import Components, Heterogeneity, Parameters
from bayesmeta.model.heterogeneity.common import COMMON
from bayesmeta.model.heterogeneity.mixture import MIXTURE
from bayesmeta.model.heterogeneity.nested import NESTED
from bayesmeta.model.heterogeneity.normal import NORMAL
from bayesmeta.model.heterogeneity.student_t import STUDENT_T

__all__ = ["HETEROGENEITIES", "Components", "Heterogeneity", "Parameters"]

HETEROGENEITIES: Mapping[str, Heterogeneity] = MappingProxyType(
    {
        "common": COMMON,
        "normal": NORMAL,
        "nested": NESTED,
        "student-t": STUDENT_T,
        "mixture": MIXTURE,
    }
)
"""Every heterogeneity by its name in a spec."""

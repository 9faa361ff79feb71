"""The test for differences between subgroups."""

import numpy as np

from bayesmeta.classical.heterogeneity import heterogeneity
from bayesmeta.classical.pooled import Heterogeneity
from bayesmeta.measures.base import Floats

__all__ = ["subgroup_differences"]


def subgroup_differences(estimates: Floats, std_errors: Floats) -> Heterogeneity:
    """Test whether subgroups differ, from the pooled result of each.

    Each subgroup counts as one study of a common-effect analysis (Deeks & Higgins 2010, Statistical
    algorithms in Review Manager 5; Borenstein & Higgins 2013, Prev Sci 14:134), so that each keeps
    its own tau².

    Parameters
    ----------
    estimates, std_errors : array, one a subgroup
        Pooled effects on the analysis scale, of subgroups that have one.

    Returns
    -------
    Heterogeneity
        Between subgroups: Q has as many degrees of freedom as there are subgroups, less one; tau²
        is 0, as none is estimated.
    """
    return heterogeneity(estimates, np.asarray(std_errors, float) ** 2)

"""One outcome by every method, side by side, and why they differ."""

from bayesmeta.comparison.bayesian_rows import row_of_posterior
from bayesmeta.comparison.classical_rows import own_method
from bayesmeta.comparison.compare import Origin, SideBySide, compare, side_by_side
from bayesmeta.comparison.likelihoods import likelihoods
from bayesmeta.comparison.result import Comparison
from bayesmeta.comparison.rows import Row
from bayesmeta.comparison.structures import structures
from bayesmeta.comparison.structures_result import Structures

__all__ = [
    "Comparison",
    "Origin",
    "Row",
    "SideBySide",
    "Structures",
    "compare",
    "likelihoods",
    "own_method",
    "row_of_posterior",
    "side_by_side",
    "structures",
]

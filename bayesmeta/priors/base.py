"""A prior: its density, its quantiles, and how it becomes a PyMC variable."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayesmeta.errors import PriorError

if TYPE_CHECKING:
    from pytensor.tensor import TensorVariable

__all__ = ["Family", "Prior"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Family:
    """A family of distributions under PyMC's name and with PyMC's arguments.

    Attributes
    ----------
    name : str
        The name of the class in PyMC.
    arguments : mapping
        Each argument in PyMC's order, with its default or None where it must be given.
    positive : tuple of str
        Arguments that must be above 0.
    logpdf, ppf : callable
        Log density and quantile function: the value, then the arguments by keyword.
    lower : float
        Lower end of the support: minus infinity or 0; ``lower`` of the arguments where it
        depends on them.
    proper : bool
        Whether the density integrates to 1.
    """

    name: str
    arguments: Mapping[str, float | None]
    positive: tuple[str, ...] = ()
    logpdf: Callable[..., Floats]
    ppf: Callable[..., Floats]
    lower: float = -np.inf
    proper: bool = True


@dataclass(frozen=True, kw_only=True)
class Prior:
    """A prior distribution of one parameter.

    Attributes
    ----------
    family : Family
        Its family.
    arguments : mapping of str to float
        All arguments of the family.
    source : str
        Why this prior: printed in every output.
    """

    family: Family = field(repr=False)
    arguments: Mapping[str, float]
    source: str = "given by the user"

    def __reduce__(self) -> tuple[object, ...]:
        from bayesmeta.priors.named import restore  # the family table is above this module

        return restore, (self.family.name, dict(self.arguments), self.source)

    @property
    def expression(self) -> str:
        """The expression that makes this prior, as a spec would hold it."""
        inside = ", ".join(f"{name}={_shortest(value)}" for name, value in self.arguments.items())
        return f"{self.family.name}({inside})"

    def as_dict(self) -> dict[str, str]:
        """The expression and the source, for files and tables."""
        return {"expression": self.expression, "source": self.source}

    @property
    def proper(self) -> bool:
        """Whether the density integrates to 1."""
        return self.family.proper

    @property
    def lower(self) -> float:
        """Lower end of the support."""
        return self.arguments.get("lower", self.family.lower)

    def logpdf(self, x: ArrayLike) -> Floats:
        """Log density at `x`; minus infinity outside the support."""
        return self.family.logpdf(np.asarray(x, float), **self.arguments)

    def pdf(self, x: ArrayLike) -> Floats:
        """Density at `x`."""
        return np.exp(self.logpdf(x))

    def ppf(self, q: ArrayLike) -> Floats:
        """Quantiles at the probabilities `q`.

        Raises
        ------
        PriorError
            The prior is improper and has no quantiles.
        """
        if not self.proper:
            raise PriorError(f"{self.expression} is improper: it has no quantiles")
        return self.family.ppf(np.asarray(q, float), **self.arguments)

    def sample(self, rng: np.random.Generator, size: tuple[int, ...]) -> Floats:
        """Independent draws, by inversion."""
        return self.ppf(rng.uniform(size=size))

    def to_pymc(self, name: str) -> "TensorVariable":
        """The PyMC variable `name` with this prior, in the model of the current context.

        Hyperparameters become 64-bit constants: PyTensor would read a Python number such as 10
        as an 8-bit integer and compute its logarithm in single precision.
        """
        import pymc as pm

        exact = {key: np.float64(value) for key, value in self.arguments.items()}
        variable: TensorVariable = getattr(pm, self.family.name)(name, **exact)
        return variable


def _shortest(value: float) -> str:
    """The shortest text that reads back as the same number."""
    short = f"{value:g}"
    return short if float(short) == value else repr(float(value))

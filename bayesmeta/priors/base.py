"""What a prior and a family of priors are: density, quantiles, tail, and what the data add."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayesmeta.errors import PriorError
from bayesmeta.priors.symbolic import add_to_model

if TYPE_CHECKING:
    from pytensor.tensor import TensorVariable

__all__ = ["Family", "Floats", "Prior"]

Floats = NDArray[np.float64]


def _undefined(*_: object, **__: object) -> Floats:
    return np.full((), np.nan)


@dataclass(frozen=True, kw_only=True)
class Family:
    """A family of distributions, under PyMC's name and with PyMC's arguments where it has it.

    Its functions take a value, then the arguments by keyword; these may be arrays that broadcast
    with the value.

    Attributes
    ----------
    name : str
        The name in an expression; that of the class in PyMC where it is native.
    arguments : mapping
        Each argument in PyMC's order, with its default or None where it must be given.
    positive : tuple of str
        Arguments that must be above 0.
    logpdf : callable
        Log density. Where the family is not native it also takes ``xp``, the namespace of its
        functions, so that the same definition makes numbers and PyTensor variables.
    cdf, ppf : callable
        Distribution function inside the support, and quantile function, of a proper family.
    lower : float
        Lower end of the support: minus infinity or 0; ``lower`` of the arguments where it
        depends on them.
    upper : float
        Upper end of the support, in the same way.
    proper : bool
        Whether the density integrates to 1.
    tail : callable
        From the mapping of arguments, the exponent a of a density that falls as ``x**-a`` where x
        is large; infinity where it falls faster than every power.
    log_tail : bool
        Whether it falls as ``x**-a`` times so high a power of 1/log(x) that its integral converges
        even with an exponent of 1.
    from_data : callable, optional
        From the standard errors of the studies, the further arguments that they determine.
    native : bool
        Whether PyMC has a class of this name.
    """

    name: str
    arguments: Mapping[str, float | None]
    positive: tuple[str, ...] = ()
    logpdf: Callable[..., Floats]
    cdf: Callable[..., Floats] = _undefined
    ppf: Callable[..., Floats] = _undefined
    lower: float = -math.inf
    upper: float = math.inf
    proper: bool = True
    tail: Callable[[Mapping[str, Any]], float] = lambda _: math.inf
    log_tail: bool = False
    from_data: Callable[[Floats], Mapping[str, float | Floats]] | None = None
    native: bool = True

    def __reduce__(self) -> tuple[object, ...]:
        from bayesmeta.priors.families import find_family  # the family table is above this module

        return find_family, (self.name,)


@dataclass(frozen=True, kw_only=True, eq=False)
class Prior:
    """A prior distribution of one parameter.

    Attributes
    ----------
    family : Family
        Its family.
    arguments : mapping of str to float
        All arguments of the family; empty for a mixture.
    data : mapping of str to float or array
        What the family takes from the standard errors of the studies: see `resolve`.
    components : tuple of (float, Prior)
        Weights and priors of a mixture, none of them a mixture; empty for a simple prior.
    source : str
        Why this prior: printed in every output.
    written : str
        The expression that made it, where it is not that of its family.
    made_for : tuple of str
        Codes of the measures it was made for; empty for any.
    warnings : tuple of str
        What the reader of a result must know of it.
    """

    family: Family = field(repr=False)
    arguments: Mapping[str, float]
    data: Mapping[str, float | Floats] = field(default_factory=dict, repr=False)
    components: "tuple[tuple[float, Prior], ...]" = ()
    source: str = "given by the user"
    written: str = ""
    made_for: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def expression(self) -> str:
        """The expression that makes this prior, as a spec would hold it."""
        if self.written:
            return self.written
        if self.components:
            weights = ", ".join(_shortest(weight) for weight, _ in self.components)
            parts = ", ".join(part.expression for _, part in self.components)
            return f"{self.family.name}(w=[{weights}], comp_dists=[{parts}])"
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
        if self.components:
            return min(part.lower for _, part in self.components)
        return self.arguments.get("lower", self.family.lower)

    @property
    def upper(self) -> float:
        """Upper end of the support."""
        if self.components:
            return max(part.upper for _, part in self.components)
        return self.arguments.get("upper", self.family.upper)

    @property
    def breaks(self) -> tuple[float, ...]:
        """The ends of the support and the points between them where the density is not smooth."""
        parts = [part for _, part in self.components] or [self]
        return tuple(sorted({end for part in parts for end in (part.lower, part.upper)}))

    @property
    def tail(self) -> float:
        """The exponent a of a density that falls as ``x**-a`` where x is large."""
        if self.components:
            return min(part.tail for _, part in self.components)
        return self.family.tail(self.arguments)

    @property
    def log_tail(self) -> bool:
        """Whether its integral converges even with an exponent of 1, for a power of log(x)."""
        if self.components:
            return min((part.tail, part.log_tail) for _, part in self.components)[1]
        return self.family.log_tail

    @property
    def parameters(self) -> dict[str, float | Floats]:
        """Every number it is made of; of a mixture they are ``0.weight``, ``0.sigma`` and so on."""
        if not self.components:
            return {**self.arguments, **self.data}
        return {
            f"{i}.{key}": value
            for i, (weight, part) in enumerate(self.components)
            for key, value in {"weight": weight, **part.parameters}.items()
        }

    def resolve(self, std_error: ArrayLike) -> Self:
        """The prior for these studies: itself, unless its family depends on them.

        Parameters
        ----------
        std_error
            Standard errors of the studies, on the analysis scale.

        Raises
        ------
        PriorError
            There are too few studies for it.
        """
        if self.components:
            parts = tuple((weight, part.resolve(std_error)) for weight, part in self.components)
            return replace(self, components=parts)
        if self.family.from_data is None:
            return self
        return replace(self, data=dict(self.family.from_data(np.asarray(std_error, float))))

    def logpdf(self, x: ArrayLike) -> Floats:
        """Log density at `x`; minus infinity outside the support."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return self.family.logpdf(np.asarray(x, float), **self.inputs())

    def pdf(self, x: ArrayLike) -> Floats:
        """Density at `x`."""
        return np.exp(self.logpdf(x))

    def cdf(self, x: ArrayLike) -> Floats:
        """Probability of a value of at most `x`.

        Raises
        ------
        PriorError
            The prior is improper.
        """
        self._check_proper("distribution function")
        inside = np.clip(np.asarray(x, float), self.lower, self.upper)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return self.family.cdf(inside, **self.inputs())

    def ppf(self, q: ArrayLike) -> Floats:
        """Quantiles at the probabilities `q`.

        Raises
        ------
        PriorError
            The prior is improper and has no quantiles.
        """
        self._check_proper("quantiles")
        q = np.asarray(q, float)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            inside = self.family.ppf(q, **self.inputs())
        quantiles: Floats = np.select([q == 0, q == 1], [self.lower, self.upper], inside)[()]
        return quantiles

    def sample(self, rng: np.random.Generator, size: tuple[int, ...]) -> Floats:
        """Independent draws, by inversion."""
        return self.ppf(rng.uniform(size=size))

    def to_pymc(
        self, name: str, arguments: Mapping[str, Any] | None = None, *, dims: str | None = None
    ) -> "TensorVariable":
        """The PyMC variable `name` with this prior, in the model of the current context.

        A family that PyMC lacks is a flat variable and a potential ``{name}_prior``.

        Parameters
        ----------
        name
            Of the variable.
        arguments
            PyTensor variables that take the place of `parameters`, so that a compiled model can
            be given other numbers.
        dims
            Dimension of a variable with many values, each with this prior: for PyMC's own families.
        """
        return add_to_model(self, name, {**self.parameters, **(arguments or {})}, dims)

    def inputs(self) -> dict[str, Any]:
        """What the functions of the family take.

        Raises
        ------
        PriorError
            The prior depends on the data and was not resolved.
        """
        if self.components:
            return {"components": self.components}
        if self.family.from_data is not None and not self.data:
            raise PriorError(
                f"{self.expression} depends on the standard errors of the studies",
                hint="Give it them: prior.resolve(std_error).",
            )
        return {**self.arguments, **self.data}

    def _check_proper(self, what: str) -> None:
        if not self.proper:
            raise PriorError(f"{self.expression} is improper: it has no {what}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Prior) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[object, ...]:
        data = {name: tuple(np.ravel(value).tolist()) for name, value in self.data.items()}
        return (
            self.expression,
            tuple(self.arguments.items()),
            tuple(data.items()),
            self.components,
            self.source,
            self.made_for,
            self.warnings,
        )


def _shortest(value: float) -> str:
    """The shortest text that reads back as the same number."""
    short = f"{value:g}"
    return short if float(short) == value else repr(float(value))

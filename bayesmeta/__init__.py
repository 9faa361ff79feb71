"""Bayesian random-effects meta-analysis on PyMC and ArviZ.

>>> import bayesmeta as bm
>>> fit = bm.fit("models/oa-pain.toml")
>>> fit.summary()
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bayesmeta.comparison.compare import compare
    from bayesmeta.comparison.likelihoods import likelihoods
    from bayesmeta.comparison.structures import structures
    from bayesmeta.errors import (
        BayesmetaError,
        DataError,
        EngineError,
        InputError,
        PriorError,
        SpecError,
    )
    from bayesmeta.measures.moments import combine_arms, moments_from_quantiles
    from bayesmeta.parity.verify import verify
    from bayesmeta.pipeline import check, fit
    from bayesmeta.results.fit import Fit
    from bayesmeta.results.load import load_fit as load
    from bayesmeta.review_analysis.analyse import review
    from bayesmeta.sensitivity_analysis.run import sensitivity
    from bayesmeta.studies.revman import read_review

__version__ = "0.1.0"

__all__ = [
    "BayesmetaError",
    "DataError",
    "EngineError",
    "Fit",
    "InputError",
    "PriorError",
    "SpecError",
    "__version__",
    "check",
    "combine_arms",
    "compare",
    "fit",
    "likelihoods",
    "load",
    "moments_from_quantiles",
    "read_review",
    "review",
    "sensitivity",
    "structures",
    "verify",
]

_HOMES = {
    "BayesmetaError": "bayesmeta.errors:BayesmetaError",
    "DataError": "bayesmeta.errors:DataError",
    "EngineError": "bayesmeta.errors:EngineError",
    "Fit": "bayesmeta.results.fit:Fit",
    "InputError": "bayesmeta.errors:InputError",
    "PriorError": "bayesmeta.errors:PriorError",
    "SpecError": "bayesmeta.errors:SpecError",
    "check": "bayesmeta.pipeline:check",
    "combine_arms": "bayesmeta.measures.moments:combine_arms",
    "compare": "bayesmeta.comparison.compare:compare",
    "fit": "bayesmeta.pipeline:fit",
    "likelihoods": "bayesmeta.comparison.likelihoods:likelihoods",
    "load": "bayesmeta.results.load:load_fit",
    "moments_from_quantiles": "bayesmeta.measures.moments:moments_from_quantiles",
    "read_review": "bayesmeta.studies.revman:read_review",
    "review": "bayesmeta.review_analysis.analyse:review",
    "sensitivity": "bayesmeta.sensitivity_analysis.run:sensitivity",
    "structures": "bayesmeta.comparison.structures:structures",
    "verify": "bayesmeta.parity.verify:verify",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'bayesmeta' has no attribute {name!r}")
    module, _, attribute = _HOMES[name].partition(":")
    value = getattr(importlib.import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

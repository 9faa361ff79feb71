"""Whether every number that RevMan stored in a review is reproduced."""

from bayesmeta.parity.infer import has_effects, inferred_settings
from bayesmeta.parity.precision import agree, agrees
from bayesmeta.parity.result import Check, Parity
from bayesmeta.parity.tables import outcomes_to_text, parity_to_text
from bayesmeta.parity.verify import verify

__all__ = [
    "Check",
    "Parity",
    "agree",
    "agrees",
    "has_effects",
    "inferred_settings",
    "outcomes_to_text",
    "parity_to_text",
    "verify",
]

"""Why a stored number is not reproduced: the likely reason, found by trying other ways."""

from collections.abc import Sequence

from bayesmeta.parity.result import Check
from bayesmeta.studies import Outcome, Settings

__all__ = ["explained"]


def explained(
    outcome: Outcome, settings: Settings, checks: Sequence[Check], decimals: int | None
) -> list[Check]:
    """The checks, those that do not agree with a likely reason."""
    return list(checks)

"""Where text for people goes."""

import sys

from rich.console import Console

__all__ = ["on_terminal", "stdout"]

_PIPE_WIDTH = 160


def on_terminal() -> bool:
    """Whether a person watches: progress bars are for them alone."""
    return sys.stderr.isatty()


def stdout() -> Console:
    """The console for results; wide where nobody's window limits it, so that pipes get lines."""
    terminal = sys.stdout.isatty()
    return Console(width=None if terminal else _PIPE_WIDTH, highlight=False, markup=False)

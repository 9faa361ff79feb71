"""Where text for people goes."""

import os
import sys

from rich.console import Console

__all__ = ["exit_code", "on_terminal", "stdout"]

_PIPE_WIDTH = 160
_NOT_CONVERGED = 1


class _Console(Console):
    """Goes on where nobody reads any more, as behind ``| head``: files are still to be written."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def exit_code(verdict: str) -> int:
    """The code with which a command ends that shows results with this verdict."""
    return _NOT_CONVERGED if verdict == "fail" else 0


def on_terminal() -> bool:
    """Whether a person watches: progress bars, which go where results go, are for them alone."""
    return sys.stdout.isatty()


def stdout() -> Console:
    """The console for results; wide where nobody's window limits it, so that pipes get lines."""
    return _Console(width=None if on_terminal() else _PIPE_WIDTH, highlight=False, markup=False)

"""The entry point: finds commands, turns errors into messages and exit codes."""

import importlib
import io
import sys
import traceback
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import click

from bayesmeta import __version__
from bayesmeta.errors import BayesmetaError, brief, did_you_mean

__all__ = ["COMMANDS", "cli", "main"]

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "init": "bayesmeta.cli.init",
        "check": "bayesmeta.cli.check",
        "fit": "bayesmeta.cli.fit",
        "sensitivity": "bayesmeta.cli.sensitivity",
        "compare": "bayesmeta.cli.compare",
        "likelihoods": "bayesmeta.cli.likelihoods",
        "structures": "bayesmeta.cli.structures",
        "outcomes": "bayesmeta.cli.outcomes",
        "review": "bayesmeta.cli.review",
        "report": "bayesmeta.cli.report",
        "show": "bayesmeta.cli.show",
        "plot": "bayesmeta.cli.plot",
        "export": "bayesmeta.cli.export",
        "list": "bayesmeta.cli.list",
        "completion": "bayesmeta.cli.completion",
    }
)
"""Every command and the module that holds it, as its attribute ``command``."""

_FAULT = 70
_INTERRUPTED = 130


class LazyGroup(click.Group):
    """A group whose commands are loaded when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            hint = did_you_mean(args[0], COMMANDS)
            raise click.UsageError(f"there is no command {brief(args[0])}. {hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="bayesmeta")
def cli() -> None:
    """Bayesian random-effects meta-analysis.

    \b
    Start from a table of studies:
      bayesmeta init studies.csv            write a spec, studies.toml
      bayesmeta check studies.toml          see what it would use
      bayesmeta fit studies.toml            fit, and write results to reports/
      bayesmeta report studies.toml         everything in one file, to read, print or mail
      bayesmeta show reports/studies.nc     see a fit again
      bayesmeta sensitivity studies.toml    see how far the priors matter
      bayesmeta likelihoods events.toml     see what correcting empty cells did

    \b
    Or without a spec:
      bayesmeta fit studies.csv --measure SMD --prior "tau=HalfNormal(0.5)"

    \b
    Start from a file of RevMan:
      bayesmeta outcomes review.rm5         list its outcomes; --verify its numbers
      bayesmeta compare review.rm5 --analysis 1.2
      bayesmeta review review.rm5           a second opinion on every outcome

    \b
    Exit codes: 0 done; 1 done, but the chains did not converge, or --verify
    found numbers that are not reproduced; 2 the input is wrong; 3 the engine
    could not do it; 70 a fault of bayesmeta.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that lacks τ shows a ? for it
            stream.reconfigure(errors="replace")
    try:
        code = cli.main(args=arguments, prog_name="bayesmeta", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted: nothing more was written.", err=True)
        sys.exit(_INTERRUPTED)
    except BayesmetaError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception:  # the outermost frame: whatever is left is a fault of ours
        traceback.print_exc()
        click.echo("This is a fault of bayesmeta, not yours. Please report it.", err=True)
        sys.exit(_FAULT)
    sys.exit(code if isinstance(code, int) else 0)

"""``bayesmeta completion``."""

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script that completes commands and flags in a shell.

    \b
    Example, for bash:
      bayesmeta completion bash > ~/.bayesmeta-complete.sh
      echo 'source ~/.bayesmeta-complete.sh' >> ~/.bashrc
    """
    completer = get_completion_class(shell)
    assert completer is not None  # the choices are those that click knows
    group = ctx.find_root().command
    click.echo(completer(group, {}, "bayesmeta", "_BAYESMETA_COMPLETE").source())

"""``bayesmeta list``."""

import click

_KINDS = ("measures", "priors", "likelihoods", "heterogeneities", "engines", "samplers", "plots")


@click.command("list")
@click.argument("kind", type=click.Choice(_KINDS))
def command(kind: str) -> None:
    """List the names that a spec or a command can use.

    \b
    Examples:
      bayesmeta list measures
      bayesmeta list priors
    """
    from rich.table import Table

    from bayesmeta.cli.console import stdout
    from bayesmeta.names import names

    table = Table(box=None, pad_edge=False, show_header=False)
    for row in names(kind):
        table.add_row(*row)
    stdout().print(table)

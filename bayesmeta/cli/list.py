"""``bayesmeta list``."""

import click

_KINDS = (
    *("measures", "priors", "likelihoods", "heterogeneities", "engines", "samplers"),
    *("exports", "plots"),
)


@click.command("list")
@click.argument("kind", type=click.Choice(_KINDS))
@click.option("--for", "measure", metavar="CODE", help="Only priors: those made for this measure.")
def command(kind: str, measure: str | None) -> None:
    """List the names that a spec or a command can use.

    \b
    Examples:
      bayesmeta list measures
      bayesmeta list priors
      bayesmeta list priors --for OR
    """
    from rich.table import Table

    from bayesmeta.cli.console import stdout
    from bayesmeta.names import names, priors_for

    if measure is not None and kind != "priors":
        raise click.UsageError(f"--for goes with priors, not with {kind}.")
    table = Table(box=None, pad_edge=False, show_header=False)
    for row in names(kind) if measure is None else priors_for(measure):
        table.add_row(*row)
    stdout().print(table)

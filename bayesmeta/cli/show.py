"""``bayesmeta show``."""

from pathlib import Path

import click

from bayesmeta.cli.options import interval_options, out_option


@click.command("show")
@click.argument("saved", metavar="FIT.nc", type=click.Path(path_type=Path))
@click.option("--studies/--no-studies", default=True, help="Show the effect of each study.")
@click.option("--interval", metavar="PROB[,KIND]", default="", help="As in 0.9 or 0.95,hdi.")
@click.option(
    "--to",
    "layout",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="Layout of the estimates.",
)
@out_option("Write to this file instead of the terminal.")
def command(saved: Path, studies: bool, interval: str, layout: str, out: Path | None) -> int:
    """Show a fit that was saved.

    \b
    Examples:
      bayesmeta show reports/oa-pain.nc
      bayesmeta show reports/oa-pain.nc --interval 0.8,hdi --to csv
    """
    from bayesmeta.cli.console import exit_code, stdout
    from bayesmeta.files import write_whole
    from bayesmeta.results import load_fit
    from bayesmeta.results.export import summary_to_csv, summary_to_json
    from bayesmeta.results.tables import fit_to_text

    fit = load_fit(saved).with_interval(**interval_options(interval))
    if layout == "table" and out is None:
        stdout().print(fit_to_text(fit, studies=studies))
    else:
        writers = {"json": summary_to_json, "csv": summary_to_csv}
        if layout not in writers:
            raise click.UsageError("--out needs --to json or --to csv")
        text = writers[layout](fit)
        if out is None:
            click.echo(text, nl=False)
        else:
            path = write_whole(out, lambda part: part.write_text(text, encoding="utf-8"))
            click.echo(f"written: {path}")
    return exit_code(fit.diagnostics.verdict)

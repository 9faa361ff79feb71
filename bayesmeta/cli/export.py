"""``bayesmeta export``."""

from pathlib import Path

import click

from bayesmeta.cli.options import out_option


@click.command("export")
@click.argument("saved", metavar="FIT.nc", type=click.Path(path_type=Path))
@click.option("--to", "kind", required=True, metavar="NAME", help="bayesmeta list exports")
@out_option("File to write. Default: beside the fit, named after it.")
def command(saved: Path, kind: str, out: Path | None) -> None:
    """Write a file by which others can check a fit.

    metafor and brms are R scripts that repeat the analysis and print their
    results beside ours; pymc is the model itself as a script; revman-csv
    holds the studies in the columns of RevMan Web's data rows.

    \b
    Examples:
      bayesmeta export reports/oa-pain.nc --to metafor --out check.R
      bayesmeta export reports/oa-pain.nc --to revman-csv
    """
    from bayesmeta.exports import export_fit, find_export
    from bayesmeta.files import write_text
    from bayesmeta.results import load_fit

    suffix = find_export(kind).suffix
    text = export_fit(load_fit(saved), kind)
    path = out or saved.with_name(f"{saved.stem}{suffix}")
    click.echo(f"written: {write_text(path, text)}")

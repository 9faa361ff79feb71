"""``bayesmeta plot``."""

from pathlib import Path

import click

from bayesmeta.cli.options import out_option


@click.command("plot")
@click.argument("saved", metavar="FIT.nc", type=click.Path(path_type=Path))
@click.argument("kind", default="forest")
@out_option("File to write: .svg, .png or .pdf. Default: beside the fit, as .svg.")
def command(saved: Path, kind: str, out: Path | None) -> None:
    """Draw a plot of a fit that was saved.

    KIND is a name of `bayesmeta list plots`; forest where none is given.

    \b
    Example:
      bayesmeta plot reports/oa-pain.nc forest --out figure1.pdf
    """
    from bayesmeta.plots import save_figure
    from bayesmeta.results import load_fit

    figure = load_fit(saved).plot(kind)
    path = out or saved.with_name(f"{saved.stem}-{kind}.svg")
    click.echo(f"written: {save_figure(figure, path)}")

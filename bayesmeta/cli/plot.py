"""``bayesmeta plot``."""

from collections.abc import Callable, Mapping
from inspect import signature
from pathlib import Path

import click

from bayesmeta.cli.options import out_option


@click.command("plot")
@click.argument("saved", metavar="FIT.nc", type=click.Path(path_type=Path))
@click.argument("kind", default="forest")
@click.option("--layout", metavar="NAME", help="Of a forest plot: revman, jama or plain.")
@out_option("File to write: .svg, .png or .pdf. Default: beside the fit, as .svg.")
def command(saved: Path, kind: str, layout: str | None, out: Path | None) -> None:
    """Draw a plot of a fit that was saved.

    KIND is a name of `bayesmeta list plots`; forest where none is given.

    \b
    Examples:
      bayesmeta plot reports/oa-pain.nc forest --out figure1.pdf
      bayesmeta plot reports/oa-pain.nc forest --layout jama
    """
    from bayesmeta.plots import PLOTS, save_figure
    from bayesmeta.results import load_fit

    options = {} if layout is None else {"layout": layout}
    if layout is not None and kind in PLOTS:
        _check_layouts(kind, PLOTS)
    figure = load_fit(saved).plot(kind, **options)
    path = out or saved.with_name(f"{saved.stem}-{kind}.svg")
    click.echo(f"written: {save_figure(figure, path)}")


def _check_layouts(kind: str, plots: Mapping[str, Callable[..., object]]) -> None:
    """Fail where a plot has no layouts."""
    having = [name for name, plot in plots.items() if "layout" in signature(plot).parameters]
    if kind not in having:
        raise click.BadParameter(
            f"the plot {kind} has no layouts to choose from: {', '.join(having)} has",
            param_hint="--layout",
        )

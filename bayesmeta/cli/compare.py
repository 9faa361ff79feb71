"""``bayesmeta compare``."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click

from bayesmeta.cli.options import analysis_options, file_name, out_option


@click.command("compare")
@click.argument("source", metavar="SPEC|DATA|FIT.nc", type=click.Path(path_type=Path))
@analysis_options
@click.option(
    "--published",
    nargs=3,
    default=None,
    metavar="ESTIMATE LOWER UPPER",
    help="A published result, display scale, with all its digits.",
)
@click.option("--method", metavar="MH|IV|PETO", help="How RevMan pools. Default: its own.")
@click.option("--no-files", is_flag=True, help="Print the table and write nothing.")
@out_option("Folder for the table and the plot.", default="reports")
def command(
    source: Path,
    options: dict[str, Any],
    published: tuple[str, str, str] | None,
    method: str | None,
    no_files: bool,
    out: Path,
) -> int:
    """Put the Bayesian fit beside RevMan's result and others, and say why they differ.

    \b
    Examples:
      bayesmeta compare models/oa-vas-published.toml
      bayesmeta compare review.rm5 --analysis 1.2 --better lower
      bayesmeta compare studies.csv --measure RR --published 0.71 0.52 0.97
    """
    from bayesmeta.cli.console import exit_code, on_terminal, stdout
    from bayesmeta.comparison import compare
    from bayesmeta.files import check_folder
    from bayesmeta.plots import save_figure
    from bayesmeta.results import load_fit

    if not no_files:
        check_folder(out)
    given = dict(options)
    if published is not None:
        given["published"] = _published(published)
    if method is not None:
        given["method"] = method
    saved = source.suffix.casefold() == ".nc"
    found = compare(load_fit(source) if saved else source, progress=on_terminal(), **given)
    console = stdout()
    console.print(found.to_text())
    if not no_files:
        name = file_name(source, options)
        paths = found.save(out, name)
        paths.append(save_figure(found.plot(), out / f"{name}-comparison.svg"))
        console.print("written:", *(str(path) for path in paths), soft_wrap=True)
    return exit_code(found.verdict)


def _published(texts: tuple[str, str, str]) -> dict[str, object]:
    """A published result as the spec has it, with the decimals that were typed."""
    try:
        numbers = [Decimal(text) for text in texts]
        places = max(0, *(-int(number.as_tuple().exponent) for number in numbers))
    except (InvalidOperation, ValueError):  # the exponent of NaN or Infinity is a letter
        raise click.BadParameter(
            f"{' '.join(texts)} are not three numbers", param_hint="--published"
        ) from None
    named = zip(("estimate", "lower", "upper"), map(float, numbers), strict=True)
    return {**dict(named), "decimals": places}

"""``bayesmeta likelihoods``."""

from pathlib import Path
from typing import Any

import click

from bayesmeta.cli.options import analysis_options, file_name, out_option


@click.command("likelihoods")
@click.argument("source", metavar="SPEC|DATA", type=click.Path(path_type=Path))
@analysis_options
@click.option("--no-files", is_flag=True, help="Print the table and write nothing.")
@out_option("Folder for the table and the plot.", default="reports")
def command(source: Path, options: dict[str, Any], no_files: bool, out: Path) -> int:
    """See what a correction of empty cells did: counts under every likelihood.

    \b
    Examples:
      bayesmeta likelihoods models/oa-serious-adverse-events.toml
      bayesmeta likelihoods events.csv --measure OR --better lower
    """
    from bayesmeta.cli.console import exit_code, on_terminal, stdout
    from bayesmeta.comparison import likelihoods
    from bayesmeta.files import check_folder
    from bayesmeta.plots import save_figure

    if not no_files:
        check_folder(out)
    found = likelihoods(source, progress=on_terminal(), **options)
    console = stdout()
    console.print(found.to_text())
    if not no_files:
        name = f"{file_name(source, options)}-likelihoods"
        paths = found.save(out, name)
        paths.append(save_figure(found.plot(), out / f"{name}-comparison.svg"))
        console.print("written:", *(str(path) for path in paths), soft_wrap=True)
    return exit_code(found.verdict)

"""``bayesmeta structures``."""

from pathlib import Path
from typing import Any

import click

from bayesmeta.cli.options import analysis_options, file_name, out_option


@click.command("structures")
@click.argument("source", metavar="SPEC|DATA", type=click.Path(path_type=Path))
@analysis_options
@click.option("--only", multiple=True, metavar="NAME", help="A structure to fit; repeatable.")
@click.option("--without", multiple=True, metavar="NAME", help="One to leave out; repeatable.")
@click.option("--no-files", is_flag=True, help="Print the table and write nothing.")
@out_option("Folder for the table.", default="reports")
def command(
    source: Path,
    options: dict[str, Any],
    only: tuple[str, ...],
    without: tuple[str, ...],
    no_files: bool,
    out: Path,
) -> int:
    """Fit the structures that an analysis might have, and compare them.

    Names of structures, where the analysis has what they are of: common, random,
    student-t, mixture; no-subgroups, exchangeable, independent, separate-tau;
    moderators, no-moderators; one-mean, free, linear, random-walk; nested,
    independent-rows.

    \b
    Examples:
      bayesmeta structures models/oa-pain.toml --subgroup tissue_source
      bayesmeta structures models/oa-pain.toml --only common --only student-t
    """
    from bayesmeta.cli.console import exit_code, on_terminal, stdout
    from bayesmeta.comparison import structures
    from bayesmeta.files import check_folder

    if not no_files:
        check_folder(out)
    found = structures(source, only=only, without=without, progress=on_terminal(), **options)
    console = stdout()
    console.print(found.to_text())
    if not no_files:
        paths = found.save(out, file_name(source, options))
        console.print("written:", *(str(path) for path in paths), soft_wrap=True)
    return exit_code(found.verdict)

"""``bayesmeta report``."""

from pathlib import Path
from typing import Any

import click

from bayesmeta.cli.options import analysis_options, file_name, out_option


@click.command("report")
@click.argument("source", metavar="FIT.nc|SPEC|DATA.csv|FOLDER", type=click.Path(path_type=Path))
@analysis_options
@click.option(
    "--to",
    "formats",
    metavar="FORMAT",
    multiple=True,
    default=("html",),
    show_default=True,
    help="html, md or docx; repeatable.",
)
@click.option("--refit", is_flag=True, help="Sample each variation where quadrature cannot.")
@click.option("--again", is_flag=True, help="Of a folder: write reports that are there anew.")
@out_option("Folder for the report. Default: that of a saved fit, else reports.")
def command(
    source: Path,
    options: dict[str, Any],
    formats: tuple[str, ...],
    refit: bool,
    again: bool,
    out: Path | None,
) -> int:
    """Write everything about an analysis into one file: to read, to mail, to print, to archive.

    html is one file that needs no network; md and docx are for a manuscript. Of a folder, every
    saved fit gets its report, unless it has one that is not older, and index.html lists them all.

    \b
    Examples:
      bayesmeta report models/oa-pain.toml
      bayesmeta report reports/oa-pain.nc --to docx
      bayesmeta report reports
    """
    from bayesmeta.cli.console import exit_code, on_terminal, stdout
    from bayesmeta.errors import SpecError
    from bayesmeta.files import check_folder
    from bayesmeta.pipeline import fit
    from bayesmeta.report import check_formats, report_folder, write_report
    from bayesmeta.results import load_fit

    of_folder, saved = source.is_dir(), source.suffix.casefold() == ".nc"
    if options and (of_folder or saved):
        raise SpecError(
            "a fit that was saved is reported as it is",
            hint=f"Leave out {', '.join(options)}, or give the spec.",
        )
    if of_folder:
        found = report_folder(
            source,
            out=out,
            formats=formats,
            again=again,
            refit=refit,
            progress=on_terminal(),
        )
        stdout().print(found.text, soft_wrap=True)
        return exit_code(found.verdict)
    folder = out or (source.parent if saved else Path("reports"))
    check_formats(formats)
    check_folder(folder)
    result = load_fit(source) if saved else fit(source, progress=on_terminal(), **options)
    name = file_name(source, options)
    paths = write_report(result, folder, name, formats=formats, refit=refit)
    stdout().print("written:", *(str(path) for path in paths), soft_wrap=True)
    return exit_code(result.diagnostics.verdict)

"""``bayesmeta fit``."""

from pathlib import Path
from typing import Any

import click

from bayesmeta.cli.options import analysis_options, file_name, out_option


@click.command("fit")
@click.argument("source", metavar="SPEC|DATA.csv", type=click.Path(path_type=Path))
@analysis_options
@out_option("Folder for the results.", default="reports")
@click.option("--studies", is_flag=True, help="Print the effect of each study too.")
@click.option("--no-files", is_flag=True, help="Print the table and write nothing.")
@click.option("--no-report", is_flag=True, help="Write all but the report, which takes seconds.")
def command(
    source: Path,
    options: dict[str, Any],
    out: Path,
    studies: bool,
    no_files: bool,
    no_report: bool,
) -> int:
    """Fit an analysis; write the fit, its summary, a forest plot and a report.

    \b
    Examples:
      bayesmeta fit models/oa-pain.toml
      bayesmeta fit models/oa-pain.toml --prior "tau=HalfCauchy(0.5)" --interval 0.9
      bayesmeta fit studies.csv --measure OR --study trial --better lower
    """
    from bayesmeta.cli.console import exit_code, on_terminal, stdout
    from bayesmeta.files import check_folder
    from bayesmeta.pipeline import fit
    from bayesmeta.results.tables import fit_to_text

    if not no_files:
        check_folder(out)
    if on_terminal() and options.get("engine") != "quadrature":
        click.echo("Compiling the model; this takes a few seconds.", err=True)
    result = fit(source, progress=on_terminal(), **options)
    console = stdout()
    console.print(fit_to_text(result, studies=studies))
    if not no_files:
        from bayesmeta.report import write_fit

        paths = write_fit(result, out, file_name(source, options), report=not no_report)
        console.print("written:", *(str(path) for path in paths), soft_wrap=True)
    return exit_code(result.diagnostics.verdict)

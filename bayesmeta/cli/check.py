"""``bayesmeta check``."""

from pathlib import Path
from typing import Any

import click

from bayesmeta.cli.options import analysis_options


@click.command("check")
@click.argument("source", metavar="SPEC|DATA.csv", type=click.Path(path_type=Path))
@analysis_options
def command(source: Path, options: dict[str, Any]) -> None:
    """Validate an analysis and show its studies, without fitting.

    \b
    Example:
      bayesmeta check models/oa-pain.toml
    """
    from bayesmeta.cli.console import stdout
    from bayesmeta.pipeline import check
    from bayesmeta.results.tables import prepared_to_text

    ready = check(source, **options)
    stdout().print(prepared_to_text(ready.spec, ready.table, ready.problem.priors))

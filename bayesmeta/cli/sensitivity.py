"""``bayesmeta sensitivity``."""

from pathlib import Path
from typing import Any

import click

from bayesmeta.cli.options import analysis_options, file_name, named_values, out_option


@click.command("sensitivity")
@click.argument("source", metavar="SPEC|DATA.csv|FIT.nc", type=click.Path(path_type=Path))
@analysis_options
@click.option(
    "--try",
    "tries",
    metavar="NAME=EXPR",
    multiple=True,
    help='Another prior to try, as in "tau=HalfCauchy(1)"; repeatable. Default: by measure.',
)
@click.option("--try-r", type=float, multiple=True, metavar="R", help="Another r; repeatable.")
@click.option("--leave-one-out/--no-leave-one-out", default=None, help="Without each study.")
@click.option("--cumulative/--no-cumulative", default=None, help="As of each year.")
@click.option("--effect-variants/--no-effect-variants", default=None, help="Empty cells, SMD.")
@click.option("--pairs/--no-pairs", default=None, help="Both priors changed at once.")
@click.option("--tipping/--no-tipping", default=None, help="Where the conclusion tips.")
@click.option("--power-scaling/--no-power-scaling", default=None, help="ArviZ's psense.")
@click.option("--all", "every", is_flag=True, help="Print all pairs of priors.")
@out_option("Folder for the table and the plot.", default="reports")
def command(
    source: Path,
    options: dict[str, Any],
    tries: tuple[str, ...],
    every: bool,
    out: Path,
    **chosen: Any,
) -> int:
    """Do an analysis in many other ways, and say where the conclusion changes.

    \b
    Examples:
      bayesmeta sensitivity models/oa-pain.toml
      bayesmeta sensitivity models/oa-pain.toml --try "tau=HalfCauchy(1)" --try "tau=Jeffreys()"
      bayesmeta sensitivity reports/oa-pain.nc --no-leave-one-out
    """
    from bayesmeta.cli.console import exit_code, on_terminal, stdout
    from bayesmeta.files import check_folder
    from bayesmeta.plots import save_figure
    from bayesmeta.results import load_fit
    from bayesmeta.sensitivity_analysis import sensitivity

    check_folder(out)
    given = {name: value for name, value in chosen.items() if value not in (None, ())}
    if "try_r" in given:
        given["try_r"] = list(given["try_r"])
    for name, expressions in named_values(tries, "--try").items():
        given[f"try_{name}"] = expressions
    found = sensitivity(
        load_fit(source) if source.suffix.casefold() == ".nc" else source,
        progress=on_terminal(),
        **options,
        **given,
    )
    console = stdout()
    console.print(found.to_text(every=every))
    name = file_name(source, options)
    paths = found.save(out, name)
    paths.append(save_figure(found.plot(), out / f"{name}-sensitivity.svg"))
    console.print("written:", *(str(path) for path in paths), soft_wrap=True)
    return exit_code(found.verdict)

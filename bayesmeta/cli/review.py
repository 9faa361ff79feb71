"""``bayesmeta review``."""

from pathlib import Path
from typing import Any

import click

from bayesmeta.cli.options import file_name, named_values, out_option, review_options


@click.command("review")
@click.argument("file", metavar="REVIEW", type=click.Path(path_type=Path))
@review_options
@click.option(
    "--try",
    "tries",
    metavar="NAME=EXPR",
    multiple=True,
    help='Another prior to try, as in "tau=HalfCauchy(1)"; repeatable. Default: by measure.',
)
@out_option("Folder in which the folder of the review is made.", default="reports")
def command(file: Path, options: dict[str, Any], tries: tuple[str, ...], out: Path) -> int:
    """Give a Bayesian second opinion on every outcome of a RevMan file.

    Writes a folder with index.html, a page an outcome, review.csv and review.json; outcomes whose
    answer departs most from RevMan's come first.

    \b
    Examples:
      bayesmeta review review.rm5
      bayesmeta review review.rm5 --prior "tau=HalfCauchy(0.5)" --out second-opinion
    """
    from bayesmeta.cli.console import exit_code, on_terminal, stdout
    from bayesmeta.files import check_folder
    from bayesmeta.report import write_review
    from bayesmeta.review_analysis import review, review_to_text

    folder = out / file_name(file, {})
    check_folder(folder)
    given = dict(options)
    for name, expressions in named_values(tries, "--try").items():
        given[f"try_{name}"] = expressions
    found = review(file, progress=on_terminal(), **given)
    console = stdout()
    console.print(review_to_text(found))
    paths = write_review(found, folder)
    console.print("written:", *(str(path) for path in paths), soft_wrap=True)
    return exit_code(found.verdict)

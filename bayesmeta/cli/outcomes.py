"""``bayesmeta outcomes``."""

from pathlib import Path

import click


@click.command("outcomes")
@click.argument("file", metavar="REVIEW", type=click.Path(path_type=Path))
@click.option("--verify", "recompute", is_flag=True, help="Recompute every number it stores.")
@click.option("--all", "every", is_flag=True, help="With --verify, print every difference.")
def command(file: Path, recompute: bool, every: bool) -> int:
    """List the outcomes of a RevMan file, or check that its numbers are reproduced.

    REVIEW is a .rm5 file, a data package of RevMan Web (.zip), its data rows (.csv), or the table
    of "Data and analyses" that RevMan 5 exports (.csv). With --verify the exit code is 1 where a
    stored number is not reproduced.

    \b
    Examples:
      bayesmeta outcomes review.rm5
      bayesmeta outcomes review.rm5 --verify
    """
    from bayesmeta.cli.console import on_terminal, stdout
    from bayesmeta.studies import read_review

    review = read_review(file)
    if not recompute:
        from bayesmeta.parity import outcomes_to_text

        stdout().print(outcomes_to_text(review))
        return 0
    from bayesmeta.parity import parity_to_text, verify

    found = verify(review, progress=on_terminal())
    stdout().print(parity_to_text(found, every=every))
    return 0 if found.complete else 1

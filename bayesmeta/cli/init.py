"""``bayesmeta init``."""

from pathlib import Path

import click

from bayesmeta.cli.options import file_name, out_option


@click.command("init")
@click.argument("data", metavar="DATA|REVIEW", type=click.Path(path_type=Path))
@click.option("--analysis", metavar="N.N", help="Outcome of a RevMan file, as in 1.2.")
@out_option("Spec to write. Default: beside the data, with .toml.")
@click.option("--force", is_flag=True, help="Write over a spec that is there.")
def command(data: Path, analysis: str | None, out: Path | None, force: bool) -> None:
    """Write a commented spec for a table of studies, or for an outcome of a RevMan file.

    The columns of a table are recognised by our names and by those of other programs.

    \b
    Examples:
      bayesmeta init studies.csv
      bayesmeta init review.rm5 --analysis 1.2
    """
    from bayesmeta.files import write_whole
    from bayesmeta.template import spec_template

    path = out or data.parent / f"{file_name(data, {'analysis': analysis})}.toml"
    text = spec_template(data, beside=path.parent, analysis=analysis)
    if _is_there(path):
        if path.samefile(data):
            raise click.UsageError(f"{path} is the table itself; name another file with --out")
        if not force:
            raise click.UsageError(f"{path} is there already; --force writes over it")
    write_whole(path, lambda part: part.write_text(text, encoding="utf-8"))
    click.echo(f"written: {path}\nNext: bayesmeta check {path}")


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that no file can have: writing says so
        return False

"""``bayesmeta init``."""

from pathlib import Path

import click

from bayesmeta.cli.options import out_option


@click.command("init")
@click.argument("data", metavar="DATA.csv", type=click.Path(path_type=Path))
@out_option("Spec to write. Default: beside the data, with .toml.")
@click.option("--force", is_flag=True, help="Write over a spec that is there.")
def command(data: Path, out: Path | None, force: bool) -> None:
    """Write a commented spec for a table of studies.

    Its columns are recognised by our names and by those of other programs.

    \b
    Example:
      bayesmeta init studies.csv
    """
    from bayesmeta.files import write_whole
    from bayesmeta.template import spec_template

    path = out or data.parent / f"{data.stem}.toml"
    text = spec_template(data, beside=path.parent)
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

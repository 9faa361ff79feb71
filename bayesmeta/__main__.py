"""``python -m bayesmeta``."""

from bayesmeta.cli.main import main

main()

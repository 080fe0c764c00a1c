"""`python -m watchbound` is the `watchbound` command."""

from watchbound.cli import main

main()

"""`python -m batch` is the command `orderbatch`."""

from batch.cli import main

main()

"""`python -m evenkeel.cli`: the same as the `evenkeel` command."""

from evenkeel.cli import main

main()

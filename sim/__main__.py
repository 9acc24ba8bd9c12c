"""`python -m sim` is the command `cohesion`."""

from sim.cli.app import main

main()

"""`python -m all_in_one` is `rollcall`."""

from all_in_one.cli import main

main()

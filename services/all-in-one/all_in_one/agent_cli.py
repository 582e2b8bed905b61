"""The command `rollcall agent`."""

import getpass
import sys
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from all_in_one.exits import run_or_exit

app = typer.Typer(help="The agent of local installations: it reads sources on this host, with credentials that stay here.")
console = Console()


@app.callback(invoke_without_command=True)
def run(context: typer.Context) -> None:
    """Ask the gateway for runs that are due, and read them here, until SIGINT or SIGTERM."""
    if context.invoked_subcommand is None:
        from all_in_one.agent import run_until_stopped

        run_or_exit(run_until_stopped())


@app.command()
def check() -> None:
    """Try the gateway, and each credential as the integrations that name it would use it. Exits with 1 when something fails."""
    from all_in_one.agent import check as tried

    table = Table("Integration", "Check", "", "What was found", title="Agent")
    found = run_or_exit(tried())
    for step in found:
        table.add_row(step.integration, step.check, "[green]ok[/green]" if step.ok else "[red]failed[/red]", step.message)
    (console if sys.stdout.isatty() else Console(width=200)).print(table)
    if not all(step.ok for step in found):
        raise typer.Exit(1)


@app.command()
def secret(name: Annotated[str, typer.Argument(help="What the credentials file calls it, or `token` for the gateway's token.")]) -> None:
    """Store a secret in this system's keyring. It is asked for, or read from a pipe; it is never an argument."""
    from all_in_one.agent import store

    given = getpass.getpass(f"Secret {name!r}: ") if sys.stdin.isatty() else sys.stdin.readline()
    run_or_exit(store(name, SecretStr(given.strip())))
    console.print(f"{name!r} is stored in the keyring", style="green")

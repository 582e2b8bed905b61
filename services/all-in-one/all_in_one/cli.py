"""The command line: start services, migrate, show settings, play the story, write the generated documents."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from all_in_one.agent_cli import app as agent
from all_in_one.exits import errors, or_exit, run_or_exit
from shared.api.files import FileEncoding

app = typer.Typer(
    name="rollcall",
    help="Rollcall: people and their SaaS accounts out of Sophos Central, into records, through workflows.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
keys = typer.Typer(help="The connector's encryption keys.", no_args_is_help=True)
app.add_typer(keys, name="keys")
dead_letters = typer.Typer(help="Events that a consumer could not handle, through a running gateway.", no_args_is_help=True)
app.add_typer(dead_letters, name="dead-letters")
app.add_typer(agent, name="agent")
console = Console()


class ServiceName(StrEnum):
    """The services that can be started alone."""

    CONNECTOR = "connector"
    MAPPER = "mapper"
    WORKFLOW_ENGINE = "workflow-engine"
    API_GATEWAY = "api-gateway"


@app.command()
def up(
    port: Annotated[int | None, typer.Option(help="The gateway's port; ROLLCALL_GATEWAY_PORT otherwise.", min=0, max=65535)] = None,
) -> None:
    """Start all four services in this process and stay up."""
    from all_in_one.running import up_forever

    run_or_exit(up_forever(port))


@app.command()
def serve(service: ServiceName) -> None:
    """Start one service alone; it needs ROLLCALL_BUS_URL and a migrated database."""
    from all_in_one.running import serve_forever

    run_or_exit(serve_forever(service.value))


@app.command()
def migrate(
    service: Annotated[list[ServiceName] | None, typer.Option(help="Only these services; all of them otherwise.")] = None,
    revision: Annotated[str, typer.Option(help="The revision to bring the databases to.")] = "head",
) -> None:
    """Bring the databases up to this version's schema."""
    from all_in_one.running import migrate_all

    run_or_exit(migrate_all([name.value for name in service or ServiceName], revision))
    console.print("databases are migrated", style="green")


@app.command()
def config() -> None:
    """Print every setting of this process, secrets masked."""
    from all_in_one.configuration import configure, shown
    from all_in_one.services import SERVICES

    def rows() -> list[tuple[str, str, str]]:
        configuration = configure()
        return shown(configuration.common) + [row for name in SERVICES for row in shown(configuration.service(name))]

    table = Table("Setting", "Value", "Meaning", title="Settings")
    for variable, value, description in or_exit(rows):
        table.add_row(variable, value, description)
    (console if sys.stdout.isatty() else Console(width=200)).print(table)


@app.command()
def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="Play the story, then stop what was started for it.")] = False,
    url: Annotated[str | None, typer.Option(help="A running gateway to play against; a fresh one is started otherwise.")] = None,
    token: Annotated[str | None, typer.Option(help="An admin's API token for --url.", envvar="ROLLCALL_TOKEN")] = None,
    simulator: Annotated[str | None, typer.Option(help="A running simulator's URL, as this program reaches it.")] = None,
    control_token: Annotated[
        str | None, typer.Option(help="The running simulator's control token.", envvar="SOPHOS_SIMULATOR_CONTROL_TOKEN")
    ] = None,
    users: Annotated[
        int,
        typer.Option(
            min=150, max=100_000, help="How many people the simulated directory has; among fewer, the guard would withhold the leavers."
        ),
    ] = 1000,
    awkward: Annotated[bool, typer.Option("--awkward", help="Add awkward people: without e-mail, with one that is taken.")] = False,
    seed: Annotated[int, typer.Option(help="The same seed gives the same people.")] = 7,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The fresh gateway's port; 0 takes any free one.")] = 8080,
) -> None:
    """Play the whole story against Sophos Central's simulator, and compare every count with what both sides say."""
    from all_in_one.demo.play import Stage, play

    stage = Stage(once, url, token, simulator, control_token, users, awkward, seed, port)
    if not run_or_exit(play(stage, console)):
        raise typer.Exit(1)


@app.command()
def docs(
    check: Annotated[bool, typer.Option("--check", help="Change nothing; fail when a document is stale.")] = False,
    directory: Annotated[Path, typer.Option(help="Where the documents are.")] = Path("docs"),
) -> None:
    """Write the documents that are generated from the code: events and settings."""
    from all_in_one.documents import documents

    stale = []
    for name, text in documents().items():
        path = directory / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(str(path))
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if check and stale:
        errors.print(f"stale: {', '.join(stale)}. Run `rollcall docs`.", style="red")
        raise typer.Exit(1)
    console.print("documents are up to date" if not stale else f"written: {', '.join(stale)}")


@keys.command("status")
def keys_status() -> None:
    """Print how many stored secrets need which key. An old key may be removed once none does."""
    from all_in_one.keys import status

    table = Table("Key", "Is", "Secrets", "Without a data key", title="Encryption keys")
    for use, state in run_or_exit(status()):
        table.add_row(use.key_id, state, str(use.secrets), str(use.directly))
    console.print(table)


@keys.command("rotate")
def keys_rotate(batch: Annotated[int, typer.Option(min=1, max=10_000, help="Secrets that are committed at once.")] = 500) -> None:
    """Bring every stored secret under the current key. May be stopped and run again, and beside running services that have both keys."""
    from all_in_one.keys import rotate_all

    done = run_or_exit(rotate_all(batch, lambda so_far: console.print(f"{so_far} secrets are under the current key")))
    console.print(f"rewrapped: {done.rewrapped}, unreadable: {len(done.unreadable)}", style="red" if done.unreadable else "green")
    if done.unreadable:
        errors.print(f"these need a key that is not at hand: {', '.join(map(str, done.unreadable[:20]))}")
        raise typer.Exit(1)


Gateway = Annotated[str, typer.Option(help="A running gateway.", envvar="ROLLCALL_URL")]
Token = Annotated[
    str, typer.Option(help="An API token: an operator's to list, an admin's to decide.", envvar="ROLLCALL_TOKEN", show_default=False)
]
Ids = Annotated[list[UUID], typer.Argument(help="The ids of dead letters, in the order in which they are decided on.")]
HERE = "http://127.0.0.1:8080"


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="A CSV file, or an XLSX workbook.")],
    *,
    integration: Annotated[str, typer.Option(help="The integration that reads it: its name or its id.")],
    token: Annotated[str, typer.Option(help="An operator's API token.", envvar="ROLLCALL_TOKEN", show_default=False)],
    run: Annotated[
        Literal["plan", "apply", "none"], typer.Option(help="plan shows what it would do; apply does it; none only keeps the file.")
    ] = "plan",
    encoding: Annotated[FileEncoding | None, typer.Option(help="Of a CSV file that is neither UTF-8 nor UTF-16 with its mark.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Of a workbook: the sheet to read; the first visible one otherwise.")] = None,
    url: Gateway = HERE,
) -> None:
    """Send a file to an integration through a running gateway, and run it. Exits with 1 when the run fails."""
    from all_in_one.importing import Import, imported

    wanted = Import(file, integration, None if run == "none" else run, encoding, sheet)
    ran = run_or_exit(imported(url, token, wanted, lambda words: console.print(words, highlight=False)))
    if ran is None:
        return
    counts = ", ".join(f"{count:,} {name}" for name, count in ran["counts"].items() if count)
    console.print(f"run {ran['id']} ({ran['mode']}): {ran['state']}; {counts or 'no records'}; {ran['missing']:,} missing", highlight=False)
    if ran["state"] in {"failed", "cancelled"}:
        problem = ran["error"] or {}
        errors.print(f"[red]error:[/red] {problem.get('message', ran['state'])}. {problem.get('remedy', '')}", highlight=False)
        raise typer.Exit(1)


@dead_letters.command("list")
def dead_letters_list(
    token: Token, consumer: Annotated[str | None, typer.Argument(help="Only of this consumer.")] = None, url: Gateway = HERE
) -> None:
    """Print the oldest dead letters, without what they say about people."""
    from all_in_one.dead_letters import listed

    table = Table("Consumer", "Id", "Event", "Died at", "Attempts", "Code", "Reason", title="Dead letters")
    for letter in run_or_exit(listed(url, token, consumer)):
        shown = (letter["consumer"], letter["id"], letter["topic"], letter["died_at"], str(letter["attempts"]), letter["code"])
        table.add_row(*shown, letter["reason"])
    (console if sys.stdout.isatty() else Console(width=240)).print(table)


@dead_letters.command("replay")
def dead_letters_replay(token: Token, consumer: str, ids: Ids, url: Gateway = HERE) -> None:
    """Put dead letters before their consumer again. What fails again comes back with the new reason."""
    from all_in_one.dead_letters import decided

    run_or_exit(decided(url, token, "replay", consumer, ids))
    console.print(f"replayed: {len(ids)}", style="green")


@dead_letters.command("discard")
def dead_letters_discard(token: Token, consumer: str, ids: Ids, url: Gateway = HERE) -> None:
    """Remove dead letters for good: what they said never takes effect."""
    from all_in_one.dead_letters import decided

    run_or_exit(decided(url, token, "discard", consumer, ids))
    console.print(f"discarded: {len(ids)}", style="green")


def main() -> None:
    """Run the command line."""
    app()

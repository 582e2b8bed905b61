"""What a step of the story showed: each count beside what the API and the simulator say, and whether they agree."""

from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Check:
    """One thing compared. `rollcall` is read back over the public API; `sophos` from the simulator, where it knows."""

    name: str
    expected: Any
    rollcall: Any
    sophos: Any = None

    @property
    def holds(self) -> bool:
        """Whether everybody says the same."""
        return bool(self.rollcall == self.expected and self.sophos in (None, self.expected))


@dataclass(slots=True)
class Step:
    """One step of the story."""

    number: int
    title: str
    checks: list[Check] = field(default_factory=list)
    seconds: float = 0.0

    def same(self, name: str, expected: Any, rollcall: Any, sophos: Any = None) -> None:
        """Compare one thing."""
        self.checks.append(Check(name, expected, rollcall, sophos))

    @property
    def holds(self) -> bool:
        """Whether every comparison holds."""
        return all(check.holds for check in self.checks)


def show(console: Console, step: Step) -> None:
    """Print a step as a table."""
    table = Table(
        title=f"{step.number}. {step.title}  [dim]({step.seconds:.1f} s)[/dim]", title_justify="left", title_style="bold", expand=False
    )
    for heading in ("What", "Expected", "Rollcall", "Sophos", ""):
        table.add_column(heading, overflow="fold")
    for check in step.checks:
        verdict = "[green]✓[/green]" if check.holds else "[bold red]✗ differs[/bold red]"
        sophos = "" if check.sophos is None else str(check.sophos)
        table.add_row(check.name, str(check.expected), str(check.rollcall), sophos, verdict)
    console.print(table)


def show_timeline(console: Console, entries: list[dict[str, Any]]) -> None:
    """Print a person's timeline."""
    table = Table(title="Timeline of the person who was deleted", title_justify="left", title_style="bold")
    for heading in ("When", "What", "Cause", "By", "Correlation id"):
        table.add_column(heading, overflow="fold")
    for entry in entries:
        cause = entry["cause"]
        table.add_row(
            entry["at"][:19].replace("T", " "),
            entry["summary"],
            f"{cause['kind']}: {cause['detail'] or cause['id']}",
            cause["actor"],
            entry["correlation_id"],
        )
    console.print(table)

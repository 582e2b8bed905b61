"""What was measured, as a table: medians of all rounds, ours beside dlt's."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from rich.table import Table

from benchmarks.sync.processes import Finished, Took

NAMES = ("first load", "unchanged reload", "1 % changed")


@dataclass(frozen=True, slots=True)
class Round:
    """Three passes of each side, one side after the other, and our peak memory in MiB by what it is the memory of."""

    ours: Sequence[Took]
    peer: Sequence[Finished]
    memory: dict[str, float]

    @property
    def peer_memory(self) -> float:
        """The largest peak of dlt's three processes, in MiB."""
        return max(finished.peak_mib for finished in self.peer)


def table(database: str, users: int, rounds: Sequence[Round]) -> Table:
    """Show medians. A ratio is the median of the rounds' own ratios, and above one where ours is faster, works more or holds more."""
    shown = Table(title=f"{users:,} users into {database}, beside dlt (rest_api, merge); median of {len(rounds)}")
    for heading in ("", "Rollcall", "dlt", "ratio"):
        shown.add_column(heading, justify="right" if heading else "left")

    def add(what: str, ours: list[float], peer: list[float]) -> None:
        ratio = median(mine / theirs for mine, theirs in zip(ours, peer, strict=True))
        shown.add_row(what, f"{median(ours):,.0f}", f"{median(peer):,.0f}", f"{ratio:.2f}x")

    for at, name in enumerate(NAMES):
        add(f"{name}, users/s", [users / one.ours[at].seconds for one in rounds], [users / one.peer[at].seconds for one in rounds])
    for at, name in enumerate(NAMES):
        worked = [one.ours[at].worked * 1e6 / users for one in rounds], [one.peer[at].worked * 1e6 / users for one in rounds]
        add(f"{name}, µs of processor a user", *worked)
    for what in rounds[0].memory:
        add(f"peak memory, MiB ({what})", [one.memory[what] for one in rounds], [one.peer_memory for one in rounds])
    return shown

"""Which block comes next: a pure function of the graph, the block and the exit it took."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from shared.api.workflows import DefinitionIn, Exit

BEGIN, END = "begin", "end"


@dataclass(frozen=True, slots=True)
class Graph:
    """A valid definition, as runs follow it."""

    begin: str
    types: Mapping[str, str]
    lines: Mapping[tuple[str, Exit], str]


@dataclass(frozen=True, slots=True)
class Move:
    """Where a run goes: to a block that works, or to its end.

    `end` is the End block it reached; None when it stopped on a failure that no line handles.
    """

    next_block: str | None = None
    end: str | None = None

    @property
    def ended(self) -> bool:
        """Whether the run is over."""
        return self.next_block is None

    @property
    def state(self) -> Literal["running", "succeeded", "failed"]:
        """The state of the run after this move."""
        if not self.ended:
            return "running"
        return "succeeded" if self.end is not None else "failed"


def graph_of(definition: DefinitionIn) -> Graph:
    """Return the graph of a definition that has been validated."""
    types = {block.id: block.type for block in definition.blocks}
    begin = next(block for block, kind in types.items() if kind == BEGIN)
    return Graph(begin, types, {(line.source, line.exit): line.target for line in definition.connections})


def first(graph: Graph) -> Move:
    """Return where a run goes from Begin."""
    return after(graph, graph.begin, "success")


def after(graph: Graph, block_id: str, taken: Exit) -> Move:
    """Return where a run goes after a block took an exit."""
    target = graph.lines.get((block_id, taken))
    if target is None:
        return Move()
    return Move(end=target) if graph.types[target] == END else Move(next_block=target)

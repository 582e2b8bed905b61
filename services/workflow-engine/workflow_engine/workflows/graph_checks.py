"""Problems of a graph's shape: one Begin, an End, no dead ends, no circles."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from shared.api.base import Gap
from shared.api.workflows import BlockIn, ConnectionIn, DefinitionIn
from workflow_engine.blocks.registry import BLOCKS

Lines = Mapping[str, set[str]]


def shape_problems(definition: DefinitionIn) -> Iterator[Gap]:
    """Yield what is wrong with the blocks and lines, before anything is said about settings."""
    yield from _begin_and_end(definition.blocks)
    yield from _blocks(definition.blocks)
    yield from _connections(definition)
    yield from _paths(definition)


def _begin_and_end(blocks: Iterable[BlockIn]) -> Iterator[Gap]:
    kinds = Counter(block.type for block in blocks)
    if kinds["begin"] != 1:
        yield Gap(
            field="blocks", message=f"there must be exactly one Begin block, there are {kinds['begin']}", remedy="Keep one Begin block."
        )
    if not kinds["end"]:
        yield Gap(field="blocks", message="there is no End block", remedy="Add an End block and lead every path to it.")


def _blocks(blocks: Iterable[BlockIn]) -> Iterator[Gap]:
    for block_id, count in Counter(block.id for block in blocks).items():
        if count > 1:
            yield Gap(field=f"blocks.{block_id}", message=f"{count} blocks have the id {block_id!r}", remedy="Give each block its own id.")
    for block in blocks:
        if block.type not in BLOCKS:
            known = ", ".join(sorted(BLOCKS))
            yield Gap(field=f"blocks.{block.id}.type", message=f"there is no block type {block.type!r}", remedy=f"Use one of: {known}.")


def _connections(definition: DefinitionIn) -> Iterator[Gap]:
    kinds = {block.id: block.type for block in definition.blocks}
    for index, line in enumerate(definition.connections):
        yield from _connection(f"connections.{index}", line, kinds)
    for (source, taken), count in Counter((line.source, line.exit) for line in definition.connections).items():
        if count > 1:
            message = f"{count} lines leave the {taken} exit of {source!r}"
            yield Gap(field=f"blocks.{source}.exits.{taken}", message=message, remedy="Keep one line for each exit.")
    connected = {(line.source, line.exit) for line in definition.connections}
    for block_id, kind in kinds.items():
        if kind in BLOCKS and "success" in BLOCKS[kind].exits and (block_id, "success") not in connected:
            message = f"the success exit of {block_id!r} leads nowhere"
            yield Gap(field=f"blocks.{block_id}.exits.success", message=message, remedy="Connect it to the next block or to End.")


def _connection(field: str, line: ConnectionIn, kinds: Mapping[str, str]) -> Iterator[Gap]:
    for end, block_id in (("source", line.source), ("target", line.target)):
        if block_id not in kinds:
            yield Gap(field=f"{field}.{end}", message=f"there is no block {block_id!r}", remedy="Remove the line, or add the block.")
    kind = kinds.get(line.source)
    if kind in BLOCKS and line.exit not in BLOCKS[kind].exits:
        message = f"{line.source!r} has no {line.exit} exit"
        yield Gap(field=f"{field}.exit", message=message, remedy="Remove the line.")
    if kinds.get(line.target) == "begin":
        yield Gap(field=f"{field}.target", message="no line may lead to Begin", remedy="Remove the line.")


def _paths(definition: DefinitionIn) -> Iterator[Gap]:
    ids = {block.id for block in definition.blocks}
    forward: dict[str, set[str]] = defaultdict(set)
    backward: dict[str, set[str]] = defaultdict(set)
    for line in definition.connections:
        if line.source in ids and line.target in ids:
            forward[line.source].add(line.target)
            backward[line.target].add(line.source)
    from_begin = _reached({block.id for block in definition.blocks if block.type == "begin"}, forward)
    to_end = _reached({block.id for block in definition.blocks if block.type == "end"}, backward)
    for block_id in sorted(ids - from_begin):
        message = f"no path leads from Begin to {block_id!r}"
        yield Gap(field=f"blocks.{block_id}", message=message, remedy="Connect it, or remove it.")
    for block_id in sorted(ids - to_end):
        message = f"no path leads from {block_id!r} to an End block"
        yield Gap(field=f"blocks.{block_id}", message=message, remedy="Connect its exits so that they reach End.")
    circle = _in_circle(ids, forward)
    if circle:
        named = ", ".join(repr(block_id) for block_id in sorted(circle))
        yield Gap(field="connections", message=f"the lines run in a circle through {named}", remedy="Remove the line that leads back.")


def _reached(start: set[str], lines: Lines) -> set[str]:
    seen, waiting = set(start), list(start)
    while waiting:
        for target in lines.get(waiting.pop(), set()) - seen:
            seen.add(target)
            waiting.append(target)
    return seen


def _in_circle(ids: set[str], lines: Lines) -> set[str]:
    """Return the blocks that can reach themselves."""
    return {block_id for block_id in ids if block_id in _reached(set(lines.get(block_id, ())), lines)}

"""Whatever a valid workflow looks like, and whatever its blocks say, a run ends."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.api.workflows import DefinitionIn, Exit
from tests.support.workflow_engine import roles
from workflow_engine.runs.interpreter import Graph, Move, after, first, graph_of
from workflow_engine.workflows.graph_checks import shape_problems

EXITS: st.SearchStrategy[Exit] = st.sampled_from(["success", "failure"])


@st.composite
def drafts(draw: st.DrawFn) -> DefinitionIn:
    """Give graphs of up to six working blocks with arbitrary lines: some valid, many not."""
    ids = [f"b{number}" for number in range(draw(st.integers(0, 6)))]
    blocks: list[dict[str, Any]] = [{"id": "begin", "type": "begin"}, {"id": "end", "type": "end"}]
    blocks += [{"id": one, "type": "api_call"} for one in ids]
    lines = [{"source": "begin", "target": draw(st.sampled_from([*ids, "end"]))}]
    for one in ids:
        lines.append({"source": one, "target": draw(st.sampled_from([*ids, "end"]))})
        if draw(st.booleans()):
            lines.append({"source": one, "exit": "failure", "target": draw(st.sampled_from([*ids, "end"]))})
    return DefinitionIn.model_validate({"blocks": blocks, "connections": lines})


@st.composite
def valid(draw: st.DrawFn) -> DefinitionIn:
    """Give valid graphs: lines lead only to later blocks, each of which a success line of the one before reaches."""
    count = draw(st.integers(0, 7))
    ids = [*(f"b{number}" for number in range(count)), "end"]
    blocks: list[dict[str, Any]] = [{"id": "begin", "type": "begin"}, {"id": "end", "type": "end"}]
    lines = [{"source": "begin", "target": ids[0]}]
    for place, one in enumerate(ids[:-1]):
        blocks.append({"id": one, "type": "api_call"})
        lines.append({"source": one, "target": ids[place + 1]})
        if draw(st.booleans()):
            lines.append({"source": one, "exit": "failure", "target": draw(st.sampled_from(ids[place + 1 :]))})
    return DefinitionIn.model_validate({"blocks": blocks, "connections": lines})


def walk(graph: Graph, taken: list[Exit]) -> tuple[list[str], Move]:
    """Return the blocks that a run goes through, and how it ends."""
    seen: list[str] = []
    move = first(graph)
    while move.next_block is not None:
        assert move.next_block not in seen
        seen.append(move.next_block)
        move = after(graph, move.next_block, taken[len(seen) % len(taken)] if taken else "success")
    return seen, move


@given(valid(), st.lists(EXITS, max_size=8))
def test_a_run_of_a_valid_workflow_goes_through_no_block_twice_and_ends(definition: DefinitionIn, taken: list[Exit]) -> None:
    """A run that goes round would act for ever; one that hangs would never be seen."""
    assert list(shape_problems(definition)) == []
    seen, move = walk(graph_of(definition), taken)
    assert move.ended
    assert move.state in {"succeeded", "failed"}
    assert (move.end == "end") == (move.state == "succeeded")
    assert len(seen) == len(set(seen))


@given(drafts(), st.lists(EXITS, max_size=8))
def test_whatever_passes_validation_ends(definition: DefinitionIn, taken: list[Exit]) -> None:
    """Validation is what the interpreter relies on: it must let nothing through that does not end."""
    if not list(shape_problems(definition)):
        _seen, move = walk(graph_of(definition), taken)
        assert move.ended


@given(valid())
def test_success_all_the_way_reaches_end(definition: DefinitionIn) -> None:
    """Every success exit is connected: only a failure can stop a run before End."""
    _seen, move = walk(graph_of(definition), [])
    assert move.state == "succeeded"


def test_an_open_failure_exit_ends_the_run_as_failed() -> None:
    """And a connected one leads where its line leads."""
    graph = graph_of(DefinitionIn.model_validate(roles()))
    assert after(graph, "work", "failure").state == "succeeded"
    without = Graph(graph.begin, graph.types, {key: line for key, line in graph.lines.items() if key[1] == "success"})
    assert after(without, "work", "failure") == Move()
    assert Move().state == "failed"

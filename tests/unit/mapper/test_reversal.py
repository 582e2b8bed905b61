"""What undoing makes of one record, from its revisions alone."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from mapper.records.changing import Draft
from mapper.undo.reversal import Reversal, reverse

RUN, UNDO, HAND = "run", "undo", "hand"


@dataclass
class Revision:
    """A revision, as far as an undo looks at it."""

    revision: int
    cause: dict[str, Any]
    changes: dict[str, list[Any]]
    kind: str = "updated"
    origin: dict[str, Any] | None = None
    at: datetime = field(default_factory=lambda: datetime(2026, 1, 1, tzinfo=UTC))


def revisions(*told: tuple[str, dict[str, list[Any]]], first: str = "updated") -> list[Revision]:
    """Return revisions by who made them and what they changed."""
    return [Revision(number, {"id": who}, changes, first if number == 1 else "updated") for number, (who, changes) in enumerate(told, 1)]


def undone(rows: list[Revision], **now: Any) -> Reversal:
    """Undo the run on a record that has these values now."""
    draft = Draft(id=uuid4(), revision=len(rows), fields=now, created_at=datetime(2026, 1, 1, tzinfo=UTC))
    return reverse(rows, RUN, {RUN, UNDO}, draft)


def test_a_field_that_is_kept_keeps_no_other_one() -> None:
    """Whatever the order of the fields: one that somebody mended says nothing of the others."""
    rows = revisions((RUN, {"b": [1, 2], "a": [1, 2], "c": [1, 2]}), (HAND, {"a": [2, 9]}))
    found = undone(rows, a=9, b=2, c=2)
    assert (found.action, found.fields) == ("put_back", {"b": (2, 1), "c": (2, 1)})
    assert [(one["field"], one["now"], one["would_be"]) for one in found.conflicts] == [("a", 9, 1)]


def test_a_field_that_was_changed_back_by_hand_needs_nothing() -> None:
    """Somebody was faster than the undo: there is nothing to do, and nothing to complain about."""
    found = undone(revisions((RUN, {"a": [1, 2]}), (HAND, {"a": [2, 1]})), a=1)
    assert (found.action, found.fields, found.conflicts) == ("nothing", {}, [])


def test_a_value_that_somebody_confirmed_is_theirs() -> None:
    """Changed away and back again since: whoever set it last meant it."""
    found = undone(revisions((RUN, {"a": [1, 2]}), (HAND, {"a": [2, 3]}), (HAND, {"a": [3, 2]})), a=2)
    assert (found.action, found.conflicts[0]["code"], found.conflicts[0]["revision"]) == ("keep", "changed_since", 3)


def test_what_an_undo_of_the_same_run_did_is_nobody_s_change() -> None:
    """Undone, brought back, and undone again: the third time is as the first."""
    rows = revisions((RUN, {"a": [1, 2]}), (UNDO, {"a": [2, 1]}), (UNDO, {"a": [1, 2]}))
    assert undone(rows, a=2).fields == {"a": (2, 1)}


def test_several_changes_of_one_run_go_back_to_before_the_first() -> None:
    """A run may touch a record more than once: its page, its replay, its absence."""
    assert undone(revisions((RUN, {"a": [1, 2]}), (RUN, {"a": [2, 3]})), a=3).fields == {"a": (3, 1)}


def test_a_created_record_goes_only_if_nobody_else_had_to_do_with_it() -> None:
    """Removing is the one thing that must never be done to somebody's work."""
    rows = revisions((RUN, {"a": [None, 1]}), first="created")
    assert undone(rows, a=1).action == "remove"
    touched = undone([*rows, Revision(2, {"id": HAND}, {"b": [None, 1]})], a=1, b=1)
    assert (touched.action, touched.conflicts[0]["field"], touched.conflicts[0]["code"]) == ("keep", None, "touched_since")


def test_true_and_one_are_two_values() -> None:
    """Python takes them for equal; a field does not."""
    assert undone(revisions((RUN, {"a": [1, True]})), a=True).fields == {"a": (True, 1)}

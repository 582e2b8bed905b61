"""Which changes start a run."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter

from shared.clock import now
from shared.events import Cause, Change, RecordsChanged
from shared.ids import new_id
from shared.rules import Rule
from workflow_engine.triggers.match import before, starting

UTC = ZoneInfo("UTC")
FLAGGED = TypeAdapter[Any](Rule).validate_python({"field": "to_be_deleted", "operator": "equals", "value": True})


def changed(fields: dict[str, Any], after: dict[str, Any], kind: Any = "updated") -> Change:
    """Return one change."""
    return Change(record_id=new_id(), revision=2, kind=kind, fields=fields, after=after)


def event(*changes: Change, initial: bool = False) -> RecordsChanged:
    """Return the event of such changes."""
    return RecordsChanged(
        record_type="saas_user", cause=Cause(kind="user", id="r1", actor="ada"), at=now(), changes=list(changes), initial=initial
    )


@pytest.mark.parametrize(
    ("change", "starts"),
    [
        (changed({"to_be_deleted": (False, True)}, {"to_be_deleted": True}), True),
        (changed({"to_be_deleted": (None, True)}, {"to_be_deleted": True}), True),
        (changed({"email": ("a", "b")}, {"to_be_deleted": True, "email": "b"}), False),
        (changed({"to_be_deleted": (True, False)}, {"to_be_deleted": False}), False),
        (changed({}, {"to_be_deleted": True}, "created"), True),
        (changed({}, {"to_be_deleted": False}, "created"), False),
    ],
    ids=["set", "set from empty", "was set already", "taken back", "new and set", "new and not set"],
)
def test_a_run_starts_only_when_a_change_makes_the_rule_true(change: Change, starts: bool) -> None:
    """Every later change of a flagged user would order the deletion anew otherwise."""
    assert starting(FLAGGED, event(change), UTC) == ([change.record_id] if starts else [])


@pytest.mark.parametrize("kind", ["missing", "returned", "deactivated", "deleted_in_source"])
def test_every_kind_of_change_counts_by_what_it_changed(kind: Any) -> None:
    """That somebody went missing or was deactivated starts who asked for that, and nobody else."""
    deactivated = TypeAdapter[Any](Rule).validate_python({"field": "deactivated", "operator": "equals", "value": True})
    told = event(changed({"deactivated": (False, True)}, {"deactivated": True, "to_be_deleted": True}, kind))
    assert len(starting(deactivated, told, UTC)) == 1
    assert starting(FLAGGED, told, UTC) == []
    assert starting(None, told, UTC) == []


def test_what_the_configuration_alone_leads_to_is_no_edge() -> None:
    """A record counts as if it had been so before; what the source changed on top does not."""
    change = changed({"to_be_deleted": (False, True)}, {"to_be_deleted": True, "role": "Ops"})
    quiet = change.model_copy(update={"baseline": {"to_be_deleted": True}})
    assert starting(FLAGGED, event(quiet), UTC) == []
    other = change.model_copy(update={"baseline": {"role": "Ops"}})
    assert starting(FLAGGED, event(other), UTC) == [other.record_id]
    new = changed({"role": (None, "Ops")}, {"role": "Ops"}, "created").model_copy(update={"baseline": {"role": "Sales"}})
    assert starting(None, event(new), UTC) == []
    ops = TypeAdapter[Any](Rule).validate_python({"field": "role", "operator": "equals", "value": "Ops"})
    assert starting(ops, event(new), UTC) == [new.record_id]


def test_an_initial_load_starts_nothing() -> None:
    """The first run of an integration describes what is there; nobody asked for anything."""
    assert starting(FLAGGED, event(changed({}, {"to_be_deleted": True}, "created"), initial=True), UTC) == []


def test_without_a_rule_only_new_records_start() -> None:
    """Everything matches always: only who was not there before begins to match."""
    new, old = changed({}, {}, "created"), changed({"email": ("a", "b")}, {"email": "b"})
    assert starting(None, event(new, old), UTC) == [new.record_id]


def test_a_record_that_changed_twice_in_one_event_starts_once() -> None:
    """The same cause, the same record: one run."""
    change = changed({"to_be_deleted": (False, True)}, {"to_be_deleted": True})
    assert starting(FLAGGED, event(change, change), UTC) == [change.record_id]


def test_the_state_before_is_the_state_after_with_what_changed_put_back() -> None:
    """The event carries no second copy of the record."""
    assert before(changed({"email": ("a", "b")}, {"email": "b", "name": "n"})) == {"email": "a", "name": "n"}


def test_today_is_the_day_of_the_change_where_the_installation_is() -> None:
    """A date of the first of May, set just after midnight in Berlin, is due, and stays so for an event that comes late."""
    due = TypeAdapter[Any](Rule).validate_python({"field": "offboarding_date", "operator": "at_most", "value": {"today": 0}})
    change = changed({"offboarding_date": (None, "2026-05-01T08:00:00.000Z")}, {"offboarding_date": "2026-05-01T08:00:00.000Z"})
    told = event(change).model_copy(update={"at": dt.datetime(2026, 4, 30, 22, 30, tzinfo=dt.UTC)})
    assert starting(due, told, ZoneInfo("Europe/Berlin")) == [change.record_id]
    assert starting(due, told, UTC) == []

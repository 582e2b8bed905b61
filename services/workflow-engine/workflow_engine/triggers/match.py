"""Which changes start a run: those that made the rule true. Pure.

Every kind of change counts by its fields alone: a record that went missing, returned, or was deactivated or deleted at its
source starts a workflow exactly when that very change made the rule true. Without a rule only new records start.
"""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from shared.events.records import Change, RecordsChanged
from shared.rules import At, Predicate


def before(change: Change) -> dict[str, Any]:
    """Return the record's values before the change: those after it, with what changed put back."""
    return {**change.after, **{name: was for name, (was, _is) in change.fields.items()}}


def began_to_match(rule: Predicate | None, change: Change) -> bool:
    """Return whether the rule holds after the change and did not before; a new record did not match before."""
    if rule is not None and not rule(change.after):
        return False
    return change.kind == "created" or (rule is not None and not rule(before(change)))


def starting(rule: Any, event: RecordsChanged, zone: ZoneInfo) -> list[UUID]:
    """Return the records for which a workflow with this Begin rule starts, each once. None during an initial load.

    Days are those of `zone` when the change happened: an event that is late, or comes twice, starts the same runs.
    """
    if event.initial:
        return []
    predicate = None if rule is None else Predicate(rule, At(event.at, zone))
    return list(dict.fromkeys(change.record_id for change in event.changes if began_to_match(predicate, change)))

"""Which changes start a run: those that made the rule true. Pure.

Every kind of change counts by its fields alone: a record that went missing, returned, or was deactivated or deleted at its
source starts a workflow exactly when that very change made the rule true. Without a rule only new records start.

What a changed configuration alone leads to is no edge: the record counts as if it had been so before (`Change.baseline`).
"""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from shared.events.records import Change, RecordsChanged
from shared.rules import At, Predicate


def before(change: Change) -> dict[str, Any]:
    """Return the record's values before the change, as they would have been under the present configuration.

    Those after it, with what changed put back, and what the configuration alone leads to laid over that.
    """
    return {**change.after, **{name: was for name, (was, _is) in change.fields.items()}, **(change.baseline or {})}


def began_to_match(rule: Predicate | None, change: Change) -> bool:
    """Return whether the rule holds after the change and did not before; a new record did not match before.

    One that is new only because of the configuration was there before, as far as workflows are concerned.
    """
    if rule is not None and not rule(change.after):
        return False
    is_new = change.kind == "created" and change.baseline is None
    return is_new or (rule is not None and not rule(before(change)))


def starting(rule: Any, event: RecordsChanged, zone: ZoneInfo) -> list[UUID]:
    """Return the records for which a workflow with this Begin rule starts, each once. None during an initial load.

    Days are those of `zone` when the change happened: an event that is late, or comes twice, starts the same runs.
    """
    if event.initial:
        return []
    predicate = None if rule is None else Predicate(rule, At(event.at, zone))
    return list(dict.fromkeys(change.record_id for change in event.changes if began_to_match(predicate, change)))

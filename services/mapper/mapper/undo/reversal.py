"""What undoing makes of one record, from its revisions alone. Pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from mapper.records.changing import Draft
from shared.api.history import UndoAction

OF_ABSENCE = frozenset({"missing", "returned"})


@dataclass(slots=True)
class Reversal:
    """What is put back, what is kept, and the revisions that are undone."""

    action: UndoAction
    fields: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    """By field: what it has now, and what it gets."""
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    mine: Sequence[Any] = ()

    def keep(self, code: str, message: str, **more: Any) -> None:
        """Leave the whole record as it is."""
        self.action, self.fields = "keep", {}
        self.conflicts.append({"field": None, "code": code, "message": message, **more})

    def keep_field(self, key: str, code: str, message: str, **more: Any) -> None:
        """Leave one field as it is."""
        now, would_be = self.fields.pop(key)
        self.conflicts.append({"field": key, "code": code, "message": message, "now": now, "would_be": would_be, **more})
        if not self.fields and self.action == "put_back":
            self.action = "keep"


def reverse(rows: Sequence[Any], target: str, family: Collection[str], draft: Draft | None) -> Reversal:
    """Return what undoing `target` makes of a record.

    `rows` are its revisions from the target's first one on. `family` are the run and all its undos: what these did to each
    other is no change of somebody else's, so that a run can be undone, brought back, and undone again.
    """
    mine = [row for row in rows if row.cause["id"] == target]
    if not mine:
        return Reversal("nothing")
    others = [row for row in rows if row.revision > mine[0].revision and row.cause["id"] not in family]
    if mine[-1].kind == "removed":
        return Reversal("nothing" if draft is not None else "bring_back", mine=mine)
    if draft is None:
        return _gone(rows, mine)
    if _comes(mine[0]):
        return _came(mine, others, draft)
    reversal = Reversal("put_back", mine=mine)
    _fields(reversal, rows, others, draft, family)
    if any(row.kind == "restored" for row in mine):
        message = "the run took it out of the archive; it is archived again by hand"
        reversal.conflicts.append({"field": None, "code": "out_of_archive", "message": message})
    if reversal.fields or (not reversal.conflicts and _only_absence(rows, mine, others)):
        reversal.action = "put_back"
    else:
        reversal.action = "keep" if reversal.conflicts else "nothing"
    return reversal


def _comes(row: Any) -> bool:
    """Return whether a record is there because of a revision: whoever comes out of the archive was there before."""
    return bool(row.kind == "created" or (row.kind == "restored" and row.cause.get("kind") == "undo"))


def _gone(rows: Sequence[Any], mine: Sequence[Any]) -> Reversal:
    reversal = Reversal("nothing", mine=mine)
    if not _comes(mine[0]):
        reversal.keep("is_gone", "the record is not there any more", **_said(rows[-1]))
    return reversal


def _came(mine: Sequence[Any], others: Sequence[Any], draft: Draft) -> Reversal:
    """Remove a record that is there because of what is undone, unless somebody else had to do with it since."""
    reversal = Reversal("remove", mine=mine)
    if others:
        reversal.keep("touched_since", "it was changed after the run had created it, so it stays", **_said(others[-1]))
    else:
        reversal.fields = {key: (value, None) for key, value in draft.fields.items() if value is not None}
    return reversal


def _fields(reversal: Reversal, rows: Sequence[Any], others: Sequence[Any], draft: Draft, family: Collection[str]) -> None:
    firsts: dict[str, Any] = {}
    for row in reversal.mine:
        for key in row.changes:
            firsts.setdefault(key, row)
    for key, first in sorted(firsts.items()):
        before, current = first.changes[key][0], draft.fields.get(key)
        if _same(current, before):
            continue
        reversal.fields[key] = (current, before)
        since = _last(key, (row for row in others if row.revision > first.revision))
        written = _last(key, (row for row in rows if row.cause["id"] in family))
        if since is not None:
            reversal.keep_field(key, "changed_since", "it was changed after the run, so it stays", **_said(since))
        elif not _same(current, written.changes[key][1]):
            reversal.keep_field(key, "changed_since", "it has another value than the run gave it, so it stays")


def _only_absence(rows: Sequence[Any], mine: Sequence[Any], others: Sequence[Any]) -> bool:
    """Return whether nothing but going missing, which no field shows, is left to be undone."""
    if mine[-1].kind not in OF_ABSENCE and not (mine[-1].origin or {}).get("missing"):
        return False
    undone_since = [row for row in rows if row.revision > mine[-1].revision and row not in others]
    return not undone_since and not any(row.kind in OF_ABSENCE | {"deleted_in_source"} for row in others)


def _last(key: str, rows: Iterable[Any]) -> Any:
    return next((row for row in reversed(list(rows)) if key in row.changes), None)


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, bool) is isinstance(other, bool)


def _said(row: Any) -> dict[str, Any]:
    return {"revision": row.revision, "at": row.at.isoformat(), "cause": row.cause}

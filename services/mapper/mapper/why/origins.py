"""What a page's revisions keep of where they came from: the link before and after, raw values that were stored otherwise. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from mapper.mappings.compiled import Compiled
from mapper.pages.candidates import Candidate, Linked
from mapper.pages.plan import Plan
from mapper.pages.reading import Known, record_of
from mapper.records.changing import Draft
from mapper.transformations.paths import at_path
from mapper.why.raw import kept_raw
from shared.api.mapped_from import FromSource

OF_LINK = ("content_hash", "missing_since", "deleted_at")


def note_origins(plan: Plan, compiled: Compiled, known: Known, retiring: Sequence[Row[Any]]) -> None:
    """Let the first revision of each record keep what an undo needs to put its links back, and the raw values that nobody could guess.

    `retiring` are the links of those who come back under another id.
    """
    paths = {target.key: target.source.path for target in compiled.targets if isinstance(target.source, FromSource)}
    for linked in plan.links:
        person, saas_user = plan.people[linked.person_id], plan.saas_users.get(linked.saas_user_id) if linked.saas_user_id else None
        told = next((draft for draft in (person, saas_user) if draft is not None and draft.is_told), None)
        if told is None:
            continue
        raw = _raw(person, linked.candidate, paths)
        link = known.links.get(linked.candidate.source_id)
        if raw or link is not None or not person.is_new:
            # Two users of a source may be one person on a page.
            before = told.origin or {}
            closed = [_closed(row) for row in retiring if record_of(row) == linked.person_id and "wrote" not in before]
            told.origin = {**before, "wrote": [*before.get("wrote", ()), *closed, _link(linked, link)]}
            if raw := before.get("raw", {}) | raw:
                told.origin["raw"] = raw


def _link(linked: Linked, before: Row[Any] | None) -> dict[str, Any]:
    link: dict[str, Any] = {"source_id": linked.candidate.source_id, "is": linked.candidate.content_hash, "was": None}
    if before is not None:
        link["was"] = {name: _plain(value) for name in OF_LINK if (value := getattr(before, name)) is not None}
        if before.asset_id is not None:
            link["was"]["assigned_source_id"] = before.assigned_source_id
        others = {"person_id" if before.asset_id is None else "asset_id": linked.person_id, "saas_user_id": linked.saas_user_id}
        link["was"] |= {name: _plain(getattr(before, name)) for name, now in others.items() if getattr(before, name) != now}
    return link


def _closed(row: Row[Any]) -> dict[str, Any]:
    was = {name: _plain(value) for name in OF_LINK if (value := getattr(row, name)) is not None}
    return {"source_id": row.source_id, "is": row.content_hash, "was": was}


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else value.isoformat() if hasattr(value, "isoformat") else str(value)


def _raw(person: Draft, candidate: Candidate, paths: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the raw values of changed fields that were stored otherwise; where nothing is kept, the raw value was the stored one."""
    found = {}
    taken = (person.origin or {}).get("taken", {})
    for key, (_, value) in person.changes.items():
        path = paths.get(key)
        if path is None or key in taken:
            continue
        raw = candidate.record.get(path[0]) if len(path) == 1 else at_path(candidate.record, path)
        if type(raw) is not type(value) or raw != value:
            found[key] = kept_raw(raw)
    return found

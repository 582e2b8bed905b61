"""Why a field has its value: the change that gave it, what a run made it of, and what it was before."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.fields.fields import fields_of, require_known
from mapper.history.as_of import of_record
from mapper.history.runs import applied_with
from mapper.merging.leading import not_there
from mapper.pages.drafting import SHARED_WITH_SAAS_USERS
from mapper.records.changing import TABLES
from mapper.records.patching import RecordNotFound
from mapper.tables import LINKS, MAPPING_VERSIONS, REVISIONS
from mapper.why.authority import why_it_won
from shared.api.fields import FieldOut
from shared.api.history import RawValue, WhyChange, WhyOut, WhySource
from shared.api.mapped_from import FromSource, MappedFrom
from shared.events.records import Cause, RecordType

MOST_EARLIER = 20
SOURCE: TypeAdapter[MappedFrom] = TypeAdapter(MappedFrom)
WAYS: Mapping[str, str] = {
    "run": "a run of {detail} wrote it",
    "workflow_step": "a workflow wrote it: {detail}",
    "user": "{actor} wrote it: {detail}",
    "undo": "{actor} put it back: {detail}",
    "merge": "{actor} brought it: {detail}",
    "compaction": "several changes became one: {detail}",
}
"""By the kind of a cause: how it is said."""


async def why(session: AsyncSession, record_type: RecordType, record_id: UUID, field: str) -> WhyOut:
    """Answer why a field has the value that it has now. Raises `RecordNotFound`, `PersonMerged`, `UnknownField`."""
    known = await fields_of(session, record_type)
    require_known([field], known, place="fields")
    table = TABLES[record_type]
    record = (await session.execute(select(table).where(table.c.id == record_id))).one_or_none()
    if record is None and record_type == "person":
        raise await not_there(session, record_id)
    if record is None:
        raise RecordNotFound(f"there is no {record_type} {record_id}", remedy="Use an id from the list.")
    common = {"record_type": record_type, "record_id": record_id, "field": field, "value": record.fields.get(field)}
    if not _is_copy(record_type, field):
        common["authority"] = await why_it_won(session, record, known[field], known)
    rows = await _changes_of(session, record_type, record_id, field)
    if not rows:
        return _without_history(common, known[field])
    if record.fields.get(field) is None and (anonymised := await _anonymised(session, record_type, record_id)) is not None:
        by = Cause.model_validate(anonymised.cause).actor
        says = f"{by} anonymised the person at {anonymised.at.isoformat()}: no value is kept, now or of the past"
        earlier = [await _change(session, record, row, field, sourced=False) for row in rows[:MOST_EARLIER]]
        return WhyOut(**common, answer="anonymised", says=says, earlier=earlier)
    last = rows[0]
    if last.melted_from is not None:
        between = f"between {last.melted_from.isoformat()} and {last.at.isoformat()}"
        says = f"it came {between}; which change of that time brought it is kept no longer"
        return WhyOut(
            **common, answer="compacted", says=says, melted_from=last.melted_from, change=await _change(session, record, last, field)
        )
    return WhyOut(
        **common,
        answer="set",
        says=_says(last, field),
        change=await _change(session, record, last, field),
        originally=await _originally(session, record, rows, field),
        earlier=[await _change(session, record, row, field, sourced=False) for row in rows[1 : MOST_EARLIER + 1]],
    )


def _is_copy(record_type: RecordType, field: str) -> bool:
    """Return whether a SaaS user's field repeats one of the person."""
    return record_type == "saas_user" and field in SHARED_WITH_SAAS_USERS


async def _changes_of(session: AsyncSession, record_type: RecordType, record_id: UUID, field: str) -> Sequence[Row[Any]]:
    """Return the revisions in which the field changed, the newest first."""
    touched = REVISIONS.c.changes[field].as_string().is_not(None)
    statement = select(REVISIONS).where(of_record(record_type, record_id), touched).order_by(REVISIONS.c.revision.desc())
    return (await session.execute(statement.limit(4 * MOST_EARLIER))).all()


async def _anonymised(session: AsyncSession, record_type: RecordType, record_id: UUID) -> Row[Any, Any] | None:
    """Return the revision with which a record was anonymised: it names no field."""
    mine = (of_record(record_type, record_id), REVISIONS.c.kind == "anonymised")
    return (await session.execute(select(REVISIONS.c.at, REVISIONS.c.cause).where(*mine).limit(1))).first()


def _without_history(common: dict[str, Any], field: FieldOut) -> WhyOut:
    if not field.history:
        says = f"{field.label} is kept out of history: what wrote it is not known"
        return WhyOut(**common, answer="not_in_history", says=says)
    return WhyOut(**common, answer="never_set", says=f"nothing ever gave {field.label} a value")


def _says(row: Row[Any], field: str) -> str:
    cause = Cause.model_validate(row.cause)
    verb = WAYS[cause.kind].format(actor=cause.actor, detail=cause.detail or cause.actor)
    return f"{field} is empty since {row.at.isoformat()}: {verb}" if row.changes[field][1] is None else f"{verb} at {row.at.isoformat()}"


async def _originally(session: AsyncSession, record: Row[Any], rows: Sequence[Row[Any]], field: str) -> WhyChange | None:
    """Return what had given the value that an undo put back."""
    if rows[0].cause["kind"] != "undo":
        return None
    value = rows[0].changes[field][1]
    first = next((row for row in rows[1:] if row.cause["kind"] != "undo" and row.changes[field][1] == value), None)
    return None if first is None else await _change(session, record, first, field)


async def _change(session: AsyncSession, record: Row[Any], row: Row[Any], field: str, *, sourced: bool = True) -> WhyChange:
    before, after = row.changes[field]
    return WhyChange(
        revision=row.revision,
        at=row.at,
        kind=row.kind,
        before=before,
        after=after,
        cause=Cause.model_validate(row.cause),
        source=await _source(session, record, row, field) if sourced and (row.cause["kind"] == "run" or _taken(row, field)) else None,
        proof=row.proof,
    )


async def _source(session: AsyncSession, record: Row[Any], row: Row[Any], field: str) -> WhySource:
    """Return the run, the version of the mapping, and the raw value behind a change."""
    if taken := _taken(row, field):
        return await _taken_from(session, row, field, taken)
    run_id = UUID(row.cause["id"])
    used = await applied_with(session, run_id, row.at)
    if used is None:
        reason = "this revision is older than what is kept of its run"
        return WhySource(run_id=run_id, raw=RawValue(state="not_kept", reason=reason))
    version = used.mapping_version or None
    copied = field if _is_copy(row.record_type, field) else None
    mapped = await _mapped_from(session, used.integration_id, version, field) if row.record_type != "saas_user" or copied else None
    return WhySource(
        run_id=run_id,
        integration_id=used.integration_id,
        integration_name=used.integration_name,
        provider=used.provider,
        source_id=await _source_id(session, record, row, used.integration_id),
        mapping_version=version,
        mapped_from=mapped,
        copied_from=f"person.{copied}" if copied else None,
        raw=_raw(row, field, mapped, is_copy=copied is not None),
    )


def _taken(row: Row[Any], field: str) -> dict[str, Any] | None:
    """Return from whom a value was taken that the cause of its change did not say itself."""
    found: dict[str, Any] | None = ((row.origin or {}).get("taken") or {}).get(field)
    return found


async def _taken_from(session: AsyncSession, row: Row[Any], field: str, taken: dict[str, Any]) -> WhySource:
    """Return where a value came from that was remembered, and took over when somebody higher had nothing to say any more."""
    if "hand" in taken:
        reason = f"the hand edit that {taken['hand']} had made at {taken['at']} took over"
        return WhySource(run_id=row.cause["id"], raw=RawValue(state="not_kept", reason=reason))
    integration_id, version = UUID(taken["integration_id"]), taken["version"]
    raw = taken.get("raw")
    used = await applied_with(session, UUID(taken["run"]), row.at)
    return WhySource(
        run_id=taken["run"],
        integration_id=integration_id,
        integration_name=None if used is None else used.integration_name,
        provider=None if used is None else used.provider,
        source_id=taken["source_id"],
        mapping_version=version,
        mapped_from=await _mapped_from(session, integration_id, version, field),
        raw=RawValue(state="same_as_value", value=row.changes[field][1]) if raw is None else RawValue(state="kept", **raw),
    )


async def _mapped_from(session: AsyncSession, integration_id: UUID, version: int | None, field: str) -> MappedFrom | None:
    theirs = (MAPPING_VERSIONS.c.integration_id == integration_id, MAPPING_VERSIONS.c.version == version)
    targets = await session.scalar(select(MAPPING_VERSIONS.c.targets).where(*theirs))
    source = (targets or {}).get(field)
    return None if source is None else SOURCE.validate_python(source)


async def _source_id(session: AsyncSession, record: Row[Any], row: Row[Any], integration_id: UUID) -> str | None:
    """Return what the source called the record: as the revision says, else as the integration's link does today."""
    if row.origin and row.origin.get("wrote"):
        said: str = row.origin["wrote"][-1]["source_id"]
        return said
    mine = LINKS.c[f"{row.record_type}_id"] == record.id
    newest = select(LINKS.c.source_id).where(mine, LINKS.c.integration_id == integration_id).order_by(LINKS.c.last_observed_at.desc())
    return await session.scalar(newest.limit(1))


def _raw(row: Row[Any], field: str, mapped: MappedFrom | None, *, is_copy: bool) -> RawValue:
    kept = ((row.origin or {}).get("raw") or {}).get(field)
    if kept is not None and not is_copy:
        return RawValue(state="kept", value=kept["value"], cut=kept.get("cut", False))
    if is_copy:
        return RawValue(state="not_kept", reason="the raw value stands with the field of the person that this one repeats")
    if isinstance(mapped, FromSource):
        return RawValue(state="same_as_value", value=row.changes[field][1])
    if mapped is None:
        return RawValue(state="not_kept", reason="that version of the mapping is kept no longer, or the field is not mapped")
    if mapped.kind == "expression":
        return RawValue(state="not_kept", reason="the value was computed from the whole record, which is not kept")
    return RawValue(state="not_kept", reason="the value is not taken from the record of the source")

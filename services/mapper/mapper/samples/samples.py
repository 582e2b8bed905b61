"""Pinned samples: stored, shown with what the mapping makes of them, and met by each version that is stored."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.fields.values import storable
from mapper.mappings.evaluate import Target
from mapper.samples.meeting import differences, outcome_of
from mapper.tables import MAPPING_SAMPLES
from shared.api.samples import Expectation, SampleIn, SampleOut
from shared.clock import now
from shared.errors import Conflict, Invalid, NotFound
from shared.http.paging import Page
from shared.ids import new_id

MOST_SAMPLES = 100
LARGEST_RECORD = 100_000
"""Bytes of a record as JSON."""

Targets = Sequence[Target]


class SampleNotFound(NotFound):
    """No pinned sample of the integration has this id."""

    code = "sample_not_found"


class TooManySamples(Conflict):
    """The integration has as many pinned samples as it may have."""

    code = "too_many_samples"


class SampleTooLarge(Invalid):
    """A record is too large to be pinned."""

    code = "sample_too_large"


class PinnedSampleBroken(Conflict):
    """A version of a mapping makes something else of a pinned sample than is expected; `samples` holds the differences."""

    code, title = "pinned_sample_broken", "A pinned sample would break"


async def add_sample(session: AsyncSession, integration_id: UUID, given: SampleIn, targets: Targets, *, author: str) -> SampleOut:
    """Pin a record. Raises `TooManySamples`, `SampleTooLarge`."""
    counted = select(func.count()).select_from(MAPPING_SAMPLES).where(MAPPING_SAMPLES.c.integration_id == integration_id)
    if (await session.scalar(counted) or 0) >= MOST_SAMPLES:
        raise TooManySamples(f"there are {MOST_SAMPLES} pinned samples", remedy="Remove one that says no more than another.")
    sample_id, at = new_id(), now()
    values = {"id": sample_id, "integration_id": integration_id, "author": author, "created_at": at, "changed_at": at}
    await session.execute(insert(MAPPING_SAMPLES).values({**values, **_content(given, targets)}))
    return await read_sample(session, integration_id, sample_id, targets)


async def change_sample(
    session: AsyncSession, integration_id: UUID, sample_id: UUID, given: SampleIn, targets: Targets, *, author: str
) -> SampleOut:
    """Replace a sample: its record, or what is expected of it. Raises `SampleNotFound`, `SampleTooLarge`."""
    await read_sample(session, integration_id, sample_id, targets)
    values = {**_content(given, targets), "author": author, "changed_at": now()}
    await session.execute(update(MAPPING_SAMPLES).where(MAPPING_SAMPLES.c.id == sample_id).values(values))
    return await read_sample(session, integration_id, sample_id, targets)


async def remove_sample(session: AsyncSession, integration_id: UUID, sample_id: UUID) -> None:
    """Let a sample go. Raises `SampleNotFound`."""
    theirs = (MAPPING_SAMPLES.c.id == sample_id, MAPPING_SAMPLES.c.integration_id == integration_id)
    if (await session.execute(delete(MAPPING_SAMPLES).where(*theirs).returning(MAPPING_SAMPLES.c.id))).first() is None:
        raise _not_found(sample_id)


async def list_samples(session: AsyncSession, integration_id: UUID, targets: Targets) -> Page[SampleOut]:
    """Return an integration's samples in the order in which they were pinned: at most a hundred, so in one page."""
    theirs = select(MAPPING_SAMPLES).where(MAPPING_SAMPLES.c.integration_id == integration_id)
    rows = await session.execute(theirs.order_by(MAPPING_SAMPLES.c.created_at, MAPPING_SAMPLES.c.id))
    return Page(items=[_shown(row, targets) for row in rows])


async def read_sample(session: AsyncSession, integration_id: UUID, sample_id: UUID, targets: Targets) -> SampleOut:
    """Return one sample, and what a mapping makes of it. Raises `SampleNotFound`."""
    theirs = (MAPPING_SAMPLES.c.id == sample_id, MAPPING_SAMPLES.c.integration_id == integration_id)
    row = (await session.execute(select(MAPPING_SAMPLES).where(*theirs))).one_or_none()
    if row is None:
        raise _not_found(sample_id)
    return _shown(row, targets)


async def unmet(session: AsyncSession, integration_id: UUID, targets: Targets) -> list[SampleOut]:
    """Return the samples of which a mapping makes something else than is expected."""
    return [sample for sample in (await list_samples(session, integration_id, targets)).items if sample.differences]


async def require_samples_met(session: AsyncSession, integration_id: UUID, targets: Targets) -> None:
    """Raise `PinnedSampleBroken`, which holds every difference, when a mapping does not make of all samples what is expected."""
    broken = await unmet(session, integration_id, targets)
    if not broken:
        return
    fields = [
        {
            "field": f"samples.{sample.name}.{one.field}",
            "message": f"is expected to be {_short(one.expected)}, and would be {_short(one.actual)}",
            "remedy": "Mend the mapping, or what is expected of the sample.",
        }
        for sample in broken
        for one in sample.differences
    ]
    shown = [
        {"id": str(sample.id), "name": sample.name, "differences": [one.model_dump(mode="json") for one in sample.differences]}
        for sample in broken
    ]
    names = ", ".join(sample.name for sample in broken)
    remedy = "Mend the mapping; or change what is expected of these samples first, if that is what you want."
    raise PinnedSampleBroken(f"this mapping makes something else of: {names}", remedy=remedy, fields=fields, samples=shown)


def _content(given: SampleIn, targets: Targets) -> dict[str, Any]:
    record = storable(given.record)
    if len(orjson.dumps(record)) > LARGEST_RECORD:
        problem = {"field": "record", "message": f"is larger than {LARGEST_RECORD} bytes"}
        raise SampleTooLarge("the record cannot be pinned", remedy="Leave out what is not mapped.", fields=[problem])
    expected = given.expected or outcome_of(targets, record, given.inputs)
    return {"name": given.name, "record": record, "inputs": storable(given.inputs), "expected": storable(expected.model_dump(mode="json"))}


def _shown(row: Row[Any], targets: Targets) -> SampleOut:
    expected = Expectation.model_validate(row.expected)
    actual = outcome_of(targets, row.record, row.inputs)
    return SampleOut(
        id=row.id,
        name=row.name,
        record=row.record,
        inputs=row.inputs,
        expected=expected,
        actual=actual,
        differences=differences(expected, actual),
        author=row.author,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


def _not_found(sample_id: UUID) -> SampleNotFound:
    return SampleNotFound(f"the integration has no pinned sample {sample_id}", remedy="List its samples to see those there are.")


def _short(value: Any) -> str:
    text = "empty" if value is None else orjson.dumps(value).decode()
    return text if len(text) <= 100 else f"{text[:99]}…"  # noqa: PLR2004 - what fits a line

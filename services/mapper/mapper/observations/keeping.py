"""Keeping the last raw record of whoever is linked, or held back by more than the filter; of all others nothing is kept.

A row is written when its record says something else than before, so a listing that shows what it showed costs one look.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.mappings.compiled import Compiled
from mapper.pages.comparing import is_outdated, usable
from mapper.pages.plan import Plan
from mapper.pages.reading import Known
from mapper.records.many import among, put
from mapper.tables import OBSERVATIONS
from shared.events.sources import Provenance, UsersObserved

REPLACED = ("content", "digest", "held_with", "observed_at")


async def keep_observed(session: AsyncSession, planned: Sequence[tuple[UsersObserved, Plan]], compiled: Compiled, known: Known) -> None:
    """Keep what pages of one run showed of the records that they are about. Who is put away is not among them."""
    provenance = planned[0][0].provenance
    shown = [source_id for event, _ in planned for source_id in event.source_ids if usable(source_id)]
    before = await _digests(session, provenance.integration_id, shown)
    rows = [row for event, plan in planned for row in _rows(event, plan, held_with(compiled, provenance), known)]
    kept = {row["source_id"]: row for row in rows}
    new = [row for row in kept.values() if before.get(row["source_id"]) != (row["digest"], row["held_with"])]
    await put(session, OBSERVATIONS, new, replacing=REPLACED)
    put_away = {source_id for _, plan in planned for source_id in plan.put_away}
    unlinked = {source_id for source_id in shown if source_id in before and source_id not in kept and source_id not in known.links}
    await forget_observed(session, provenance.integration_id, unlinked | (put_away & before.keys()))


async def observed(session: AsyncSession, integration_id: UUID, source_ids: Sequence[str]) -> dict[str, tuple[Any, str | None]]:
    """Return the last raw records, each with the configuration that held it back, if one did."""
    columns = (OBSERVATIONS.c.source_id, OBSERVATIONS.c.content, OBSERVATIONS.c.held_with)
    rows = await session.execute(select(*columns).where(*_theirs(session, integration_id)), {"source_ids": list(source_ids)})
    return {row.source_id: (read_content(row.content), row.held_with) for row in rows}


async def forget_observed(session: AsyncSession, integration_id: UUID, source_ids: Iterable[str]) -> None:
    """Let raw records go."""
    if some := list(source_ids):
        await session.execute(delete(OBSERVATIONS).where(*_theirs(session, integration_id)), {"source_ids": some})


def read_content(content: str) -> Any:
    """Return a raw record as it was."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return json.loads(content)


def held_with(compiled: Compiled, provenance: Provenance) -> str:
    """Return what a configuration is known by, as far as it decides whether a record is held back."""
    return f"{compiled.version}.{compiled.fields_revision}.{provenance.preference}"


def _rows(event: UsersObserved, plan: Plan, held: str, known: Known) -> Iterator[dict[str, Any]]:
    placed = {linked.candidate.source_id for linked in plan.links}
    held_back = {one.source_id for one in plan.rejections} | {one.source_id for one in plan.skipped} | set(plan.skipped_when_planned)
    left = set(plan.put_away)
    common = {"integration_id": event.provenance.integration_id, "observed_at": event.fetched_at}
    for source_id, record in zip(event.source_ids, event.records, strict=True):
        link = known.links.get(source_id)
        # A link without a hash is that of somebody of whom nothing personal may be kept.
        is_linked = source_id in placed or (link is not None and link.content_hash != "")
        if source_id in left or not usable(source_id) or not (is_linked or (link is None and source_id in held_back)):
            continue
        if not is_outdated(link, event):
            content = _written(record)
            digest = hashlib.blake2b(content, digest_size=16).hexdigest()
            yield {
                **common,
                "source_id": source_id,
                "content": content.decode(),
                "digest": digest,
                "held_with": None if is_linked else held,
            }


def _written(record: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(record)
    except orjson.JSONEncodeError:
        # Numbers beyond 64 bits and halves of characters: the standard library writes them, and reads them again.
        return json.dumps(record).encode()


async def _digests(session: AsyncSession, integration_id: UUID, source_ids: Sequence[str]) -> dict[str, tuple[str, str | None]]:
    columns = (OBSERVATIONS.c.source_id, OBSERVATIONS.c.digest, OBSERVATIONS.c.held_with)
    rows = await session.execute(select(*columns).where(*_theirs(session, integration_id)), {"source_ids": list(source_ids)})
    return {row.source_id: (row.digest, row.held_with) for row in rows}


def _theirs(session: AsyncSession, integration_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return among(session, OBSERVATIONS.c.source_id, "source_ids"), OBSERVATIONS.c.integration_id == integration_id

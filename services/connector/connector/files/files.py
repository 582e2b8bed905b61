"""Uploaded files as stored and shown. They never change; their rows may be removed."""

import asyncio
from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from connector.files.reading import unpack
from connector.sources.base import StoredFile
from connector.tables import FILE_PIECES, FILES, RUNS
from shared.api.files import FileOut
from shared.clock import now
from shared.db.engine import Database
from shared.errors import Conflict, NotFound
from shared.http.paging import Page, encode_cursor, id_in
from shared.unit import Unit


class FileNotFound(NotFound):
    """The integration has no such file."""

    code = "file_not_found"


class FileInUse(Conflict):
    """A run that has not ended reads the file."""

    code = "file_in_use"


class FileGone(Conflict):
    """The rows of the file were removed."""

    code = "file_gone"


class StoredFiles:
    """The files in the connector's own database, where every replica finds them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def about(self, file_id: UUID) -> StoredFile:
        """Return a file. Raises `FileGone`."""
        there = (FILES.c.id == file_id, FILES.c.ready_at.is_not(None), FILES.c.removed_at.is_(None))
        async with self._database.reading() as session:
            row = (await session.execute(select(FILES).where(*there))).first()
        if row is None:
            raise _gone()
        return StoredFile(row.id, row.name, row.sha256, row.columns, row.rows, row.pieces)

    async def piece(self, file_id: UUID, number: int) -> list[list[Any]]:
        """Return some rows, each behind its number. Raises `FileGone`."""
        this = select(FILE_PIECES.c.content).where(FILE_PIECES.c.file_id == file_id, FILE_PIECES.c.number == number)
        async with self._database.reading() as session:
            content: bytes | None = await session.scalar(this)
        if content is None:
            raise _gone()
        return await asyncio.to_thread(unpack, content)


async def newest_files(session: AsyncSession, integration_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Return the file that the next run of each integration reads: the last one that was uploaded, unless its rows are gone."""
    place = func.row_number().over(partition_by=FILES.c.integration_id, order_by=FILES.c.id.desc()).label("place")
    ready = select(FILES.c.integration_id, FILES.c.id, FILES.c.removed_at, place)
    ready = ready.where(FILES.c.integration_id.in_(integration_ids), FILES.c.ready_at.is_not(None))
    ranked = ready.subquery()
    newest = select(ranked.c.integration_id, ranked.c.id).where(ranked.c.place == 1, ranked.c.removed_at.is_(None))
    return {row.integration_id: row.id for row in await session.execute(newest)}


async def list_files(session: AsyncSession, integration_id: UUID, cursor: str | None, limit: int) -> Page[FileOut]:
    """Return the files of an integration, newest first. Raises `BadCursor`."""
    statement = select(FILES).where(FILES.c.integration_id == integration_id, FILES.c.ready_at.is_not(None))
    if cursor is not None:
        statement = statement.where(FILES.c.id < id_in(cursor))
    rows = (await session.execute(statement.order_by(FILES.c.id.desc()).limit(limit + 1))).all()
    current = (await newest_files(session, [integration_id])).get(integration_id)
    following = encode_cursor([str(rows[limit - 1].id)]) if len(rows) > limit else None
    return Page(items=[shown(row, is_current=row.id == current) for row in rows[:limit]], next_cursor=following)


async def remove_rows(unit: Unit, integration_id: UUID, file_id: UUID) -> None:
    """Remove the rows of a file; a repeat changes nothing. Raises `FileNotFound`, `FileInUse`."""
    this = (FILES.c.id == file_id, FILES.c.integration_id == integration_id, FILES.c.ready_at.is_not(None))
    row = (await unit.session.execute(select(FILES).where(*this).with_for_update())).first()
    if row is None:
        raise FileNotFound(f"the integration has no file {file_id}", remedy="List its files to see those there are.")
    if row.removed_at is not None:
        return
    if await unit.session.scalar(select(is_read(FILES.c.id)).where(FILES.c.id == file_id)):
        raise FileInUse("a run that has not ended reads the file", remedy="Cancel the run, or wait until it has ended.")
    await forget_rows(unit.session, [file_id], by=unit.actor)


async def forget_rows(session: AsyncSession, file_ids: Collection[UUID], *, by: str) -> None:
    """Delete the rows of files, and note it."""
    await session.execute(delete(FILE_PIECES).where(FILE_PIECES.c.file_id.in_(file_ids)))
    await session.execute(update(FILES).where(FILES.c.id.in_(file_ids)).values(removed_at=now(), removed_by=by[:200]))


def is_read(file_id: Any) -> ColumnElement[bool]:
    """Return the condition that a run which has not ended reads a file."""
    return exists().where(RUNS.c.file_id == file_id, RUNS.c.ended_at.is_(None))


def shown(row: Row[Any], *, is_current: bool) -> FileOut:
    """Return a file as the API shows it."""
    details = {name: value for name, value in row._asdict().items() if name in FileOut.model_fields}
    return FileOut.model_validate({**details, **row.layout, "is_current": is_current})


def _gone() -> FileGone:
    return FileGone("the rows of the file were removed", remedy="Upload the file again.")

"""Taking a file in: nothing of it is kept until all of it was read and found good, and half a file never stays."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from itertools import islice
from tempfile import TemporaryFile
from typing import Any, BinaryIO
from uuid import UUID

from sqlalchemy import delete, insert, update

from connector.files.files import shown
from connector.files.reading import Pieces, Wanted, read_file
from connector.integrations.integrations import stored_integration
from connector.integrations.states import require_kept
from connector.scope import Parts
from connector.sources.file.manifest import ID_COLUMN
from connector.storable import checked
from connector.tables import FILE_PIECES, FILES
from connector.variables.inputs import inputs_of
from shared.api.files import FileEncoding, FileOut
from shared.clock import now
from shared.errors import Conflict
from shared.ids import new_id
from shared.observability.logging import get_logger
from shared.unit import Unit

log = get_logger(__name__)

BLOCK = 1024 * 1024
PIECES_AT_ONCE = 16
"""Pieces in one transaction: a few megabytes at most."""


class TakesNoFiles(Conflict):
    """The integration reads its source itself."""

    code = "takes_no_files"


@dataclass(frozen=True, slots=True)
class Upload:
    """What is said of a file that is sent."""

    name: str
    encoding: FileEncoding | None = None
    sheet: str | None = None


async def receive(parts: Parts, integration_id: UUID, given: Upload, body: AsyncIterator[bytes], *, actor: str) -> FileOut:
    """Read a file to its end and keep it as the one that the next run reads.

    Raises `IntegrationNotFound`, `WrongState`, `TakesNoFiles`, and `FileRefused` or `IdsUnusable`; then nothing has changed.
    """
    name = checked("name", given.name)
    wanted = await _wanted(parts, integration_id, given)
    with TemporaryFile() as spool:
        await _spooled(spool, body)
        async with parts.files_at_once:
            pieces = await asyncio.to_thread(read_file, spool, wanted)
    try:
        file = await _kept(parts, integration_id, name, pieces, actor=actor)
    finally:
        pieces.close()
    log.info("file_kept", integration_id=str(integration_id), file_id=str(file.id), size=file.size, rows=file.rows)
    return file


async def _wanted(parts: Parts, integration_id: UUID, given: Upload) -> Wanted:
    async with parts.database.reading() as session:
        stored = await stored_integration(session, integration_id)
        require_kept(stored.row)
        if not parts.providers.get(stored.row.provider).manifest.uploads:
            remedy = "Make an integration of the provider file-users, and upload the file to that one."
            raise TakesNoFiles(f"{stored.row.name!r} takes no files: it reads {stored.row.provider}", remedy=remedy)
        inputs = {one.key: one.value for one in await inputs_of(session, integration_id)}
    return Wanted(
        largest=parts.largest_file,
        most_rows=parts.settings.file_rows,
        encoding=given.encoding,
        sheet=given.sheet,
        id_column=inputs.get(ID_COLUMN),
    )


async def _spooled(spool: BinaryIO, body: AsyncIterator[bytes]) -> None:
    """Write a body into a file that has no name. Raises when whoever sends it goes away."""
    waiting = bytearray()
    async for block in body:
        waiting += block
        if len(waiting) >= BLOCK:
            await asyncio.to_thread(spool.write, bytes(waiting))
            waiting.clear()
    await asyncio.to_thread(spool.write, bytes(waiting))
    spool.seek(0)


async def _kept(parts: Parts, integration_id: UUID, name: str, pieces: Pieces, *, actor: str) -> FileOut:
    values: dict[str, Any] = {
        "id": new_id(),
        "integration_id": integration_id,
        "name": name,
        "size": pieces.size,
        "sha256": pieces.sha256,
        "layout": asdict(pieces.layout),
        "columns": pieces.columns,
        "rows": pieces.rows,
        "pieces": len(pieces.lengths),
        "uploaded_at": now(),
        "uploaded_by": actor[:200],
    }
    file_id = values["id"]

    async def begin(unit: Unit) -> None:
        await unit.session.execute(insert(FILES).values(values))

    async def end(unit: Unit) -> FileOut:
        require_kept((await stored_integration(unit.session, integration_id, locked=True)).row)
        ready = update(FILES).where(FILES.c.id == file_id).values(ready_at=now()).returning(FILES)
        return shown((await unit.session.execute(ready)).one(), is_current=True)

    try:
        await parts.units.do(begin, actor=actor)
        await _write_pieces(parts, file_id, pieces)
        return await parts.units.do(end, actor=actor)
    except BaseException:
        await asyncio.shield(_forget(parts, file_id))
        raise


async def _write_pieces(parts: Parts, file_id: UUID, pieces: Pieces) -> None:
    """Write the pieces some at a time: nobody waits long for the database meanwhile."""
    contents = enumerate(pieces.contents())
    while some := await asyncio.to_thread(list, islice(contents, PIECES_AT_ONCE)):
        rows = [{"file_id": file_id, "number": number, "content": content} for number, content in some]

        async def write(unit: Unit, rows: list[dict[str, Any]] = rows) -> None:
            await unit.session.execute(insert(FILE_PIECES), rows)

        await parts.units.do(write)


async def _forget(parts: Parts, file_id: UUID) -> None:
    async def forget(unit: Unit) -> None:
        await unit.session.execute(delete(FILES).where(FILES.c.id == file_id))

    await parts.units.do(forget)

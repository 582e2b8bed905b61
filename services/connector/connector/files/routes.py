"""Routes of uploaded files."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from connector.files.files import list_files, remove_rows
from connector.files.receiving import Upload, receive
from connector.integrations.integrations import stored_integration
from connector.scope import InCaller, InParts, InReading, InRequest
from shared.api.files import FileEncoding, FileOut
from shared.http.paging import LARGEST_PAGE, PAGE_SIZE, Page

router = APIRouter(prefix="/integrations/{integration_id}/files", tags=["files"])

Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE)]
Named = Annotated[str, Query(min_length=1, max_length=200)]
Sheet = Annotated[str | None, Query(max_length=200)]


@router.post("", status_code=201)
async def upload(
    integration_id: UUID,
    request: Request,
    parts: InParts,
    caller: InCaller,
    *,
    name: Named,
    encoding: FileEncoding | None = None,
    sheet: Sheet = None,
) -> FileOut:
    """Keep the file that is the body."""
    return await receive(parts, integration_id, Upload(name, encoding, sheet), request.stream(), actor=caller.actor)


@router.get("")
async def list_all(integration_id: UUID, session: InReading, cursor: str | None = None, limit: Limit = PAGE_SIZE) -> Page[FileOut]:
    """Return an integration's files, newest first."""
    await stored_integration(session, integration_id)
    return await list_files(session, integration_id, cursor, limit)


@router.delete("/{file_id}", status_code=204)
async def remove(integration_id: UUID, file_id: UUID, unit: InRequest) -> None:
    """Remove the rows of a file."""
    await remove_rows(unit, integration_id, file_id)

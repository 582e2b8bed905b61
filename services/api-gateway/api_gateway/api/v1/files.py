"""Files that integrations read: sent as they are, and passed on piece by piece."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from api_gateway.api.v1.bodies import Passing
from api_gateway.api.v1.routing import Cursor, Limit, UploadRoute, subject
from api_gateway.scope import InAccount, InParts
from shared.api.files import FileEncoding, FileOut
from shared.http.paging import PAGE_SIZE, Page

FILES = "/integrations/{integration_id}/files"

files: APIRouter = subject(FILES, "files")
uploads: APIRouter = subject(FILES, "files", UploadRoute)

Named = Annotated[str, Query(min_length=1, max_length=200, description="What the file is called.")]
Encoding = Annotated[
    FileEncoding | None, Query(description="Of a CSV file; left out: UTF-16 where its byte order mark says so, else UTF-8.")
]
Sheet = Annotated[str | None, Query(max_length=200, description="Of a workbook: the sheet to read; left out: the first visible one.")]
BODY = {
    "requestBody": {
        "required": True,
        "description": "The file itself: CSV, or an XLSX workbook. Whichever it is, its content says.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@uploads.post("", status_code=201, openapi_extra=BODY)
async def upload(
    integration_id: UUID,
    request: Request,
    parts: InParts,
    account: InAccount,
    *,
    name: Named,
    encoding: Encoding = None,
    sheet: Sheet = None,
) -> FileOut:
    """Send the file that the next run reads. It starts no run.

    A file that cannot be used is refused with the row and the column, and nothing changes: the one before it stays.
    """
    said = {"name": name, "encoding": encoding, "sheet": sheet}
    passing = Passing(request)
    try:
        return await parts.connector.upload_file(integration_id, said, passing.blocks(), actor=account.name)
    except Exception:
        passing.require_whole()
        raise


@files.get("")
async def list_all(
    integration_id: UUID, parts: InParts, account: InAccount, *, cursor: Cursor = None, limit: Limit = PAGE_SIZE
) -> Page[FileOut]:
    """Return the files that were uploaded to an integration, newest first; also those whose rows are gone."""
    return await parts.connector.files(integration_id, cursor=cursor, limit=limit, actor=account.name)


@files.delete("/{file_id}", status_code=204)
async def remove(integration_id: UUID, file_id: UUID, parts: InParts, account: InAccount) -> None:
    """Remove the rows of a file at once. Refused while a run reads it; the newest one removed, there is none to be read."""
    await parts.connector.remove_file(integration_id, file_id, actor=account.name)

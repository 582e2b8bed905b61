"""Exports: lists of records as files."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response, StreamingResponse

from api_gateway.api.v1.routing import subject
from api_gateway.exports.csv_file import Rows, csv_pieces
from api_gateway.exports.exporting import Reading, begun
from api_gateway.exports.shapes import ExportFormat, ExportIn, FileIn
from api_gateway.exports.xlsx_file import write_workbook
from api_gateway.scope import InAccount, InParts, Parts
from api_gateway.views.views import read_view
from shared.api.lists import ListIn
from shared.events.records import RecordType
from shared.observability.logging import get_logger

log = get_logger(__name__)

exports: APIRouter = subject("/exports", "exports")
of_view: APIRouter = subject("/views/{view_id}/exports", "exports")

CSV, XLSX = "text/csv; charset=utf-8", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NAMES: dict[RecordType, str] = {"person": "people", "saas_user": "saas-users", "asset": "assets"}
FILES: dict[int | str, dict[str, Any]] = {200: {"description": "The file.", "content": {"text/csv": {}, XLSX: {}}}}


@exports.post("", response_class=Response, responses=FILES)
async def export_list(given: ExportIn, parts: InParts, account: InAccount) -> Response:
    """Return a list of records as a file. Texts that a spreadsheet would calculate are kept from it."""
    asked = ListIn(**given.model_dump(include=set(ListIn.model_fields)))
    reading = await begun(parts.mapper, given.object_type, asked, given.headings, most=parts.export_records, actor=account.name)
    return await _answer(parts, reading, given.format)


@of_view.post("", response_class=Response, responses=FILES)
async def export_view(view_id: UUID, given: FileIn, parts: InParts, account: InAccount) -> Response:
    """Return what a saved view shows as a file."""
    async with parts.database.reading() as session:
        view = await read_view(session, account, view_id)
    reading = await begun(parts.mapper, view.object_type, view.list(), given.headings, most=parts.export_records, actor=account.name)
    return await _answer(parts, reading, given.format)


async def _answer(parts: Parts, reading: Reading, kind: ExportFormat) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{NAMES[reading.object_type]}.{kind}"', "Cache-Control": "no-store"}
    if kind == "csv":
        pieces = csv_pieces(reading.headings, reading.first_rows, _told(reading, kind))
        return StreamingResponse(pieces, media_type=CSV, headers=headers)
    # Two at a time: a workbook is a long work of one thread, and stands on the disk until it was fetched.
    async with parts.workbooks:
        directory = Path(await asyncio.to_thread(mkdtemp, prefix="rollcall-export-"))
        try:
            await write_workbook(directory / "records.xlsx", reading.headings, reading.first_rows, _told(reading, kind))
        except BaseException:
            shutil.rmtree(directory, ignore_errors=True)
            raise
    gone = BackgroundTask(shutil.rmtree, directory, ignore_errors=True)
    return FileResponse(directory / "records.xlsx", media_type=XLSX, headers=headers, background=gone)


async def _told(reading: Reading, kind: ExportFormat) -> AsyncIterator[Rows]:
    """Give the further rows; say at the end how many were exported, and to whom."""
    records = len(reading.first_rows)
    async for rows in reading.other_rows():
        records += len(rows)
        yield rows
    log.info("exported", account=reading.actor, object_type=reading.object_type, format=kind, records=records)

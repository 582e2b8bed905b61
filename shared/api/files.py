"""Files that are uploaded to an integration."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.api.base import Out

FileEncoding = Literal["utf-8", "utf-16", "windows-1252"]


class FileOut(Out):
    """An uploaded file, without its rows."""

    id: UUID
    integration_id: UUID
    name: str
    size: int = Field(description="Bytes, as it was sent.")
    sha256: str
    format: Literal["csv", "xlsx"]
    encoding: FileEncoding | None = Field(default=None, description="Of a CSV file.")
    delimiter: str | None = Field(default=None, description="Of a CSV file: what separates its columns.")
    sheet: str | None = Field(default=None, description="Of a workbook: the sheet that was read.")
    other_sheets: list[str] = Field(default_factory=list, description="Of a workbook: visible sheets that were not read.")
    columns: list[str] = Field(description="The names in its header.")
    rows: int = Field(description="Rows below the header that are not blank.")
    uploaded_at: datetime
    uploaded_by: str
    is_current: bool = Field(description="The next run reads it.")
    removed_at: datetime | None = Field(default=None, description="Since when its rows are gone; only what stands here is left.")
    removed_by: str | None = Field(default=None, description="The account that removed them, or `retention`.")

"""What an export is told."""

from typing import Literal

from pydantic import Field

from shared.api.base import In
from shared.api.lists import ListIn
from shared.events.records import RecordType

ExportFormat = Literal["csv", "xlsx"]
Headings = Literal["labels", "keys"]


class FileIn(In):
    """How a list is written."""

    format: ExportFormat = "csv"
    headings: Headings = Field(default="labels", description="What stands above each column: the field's label, or its key.")


class ExportIn(ListIn, FileIn):
    """A list, and how it is written."""

    object_type: RecordType = "person"

"""Fields of records: built-in and custom ones."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.api.base import In, Name, Out
from shared.api.sync_keys import FieldKey
from shared.events.records import RecordType
from shared.rules.operators import FieldType

DataType = FieldType
MOST_OPTIONS = 1000
Dropdown = Literal["fixed", "growing"]
Option = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=256)]
FieldValue = bool | int | float | str | list[str]


class FieldIn(In):
    """A custom field. Its key is made from the label when it is not given."""

    object_type: RecordType = "person"
    label: Name
    key: FieldKey | None = None
    data_type: DataType = "text"
    unique: bool = Field(default=False, description="No two records have the same value; a sync key must be.")
    mandatory: bool = Field(default=False, description="It must be filled when a record is saved; a default fills it.")
    history: bool = Field(default=True, description="Off: changes make no revision and start no workflow.")
    editable: bool = Field(default=True, description="Off: only integrations and workflows write it.")
    dropdown: Dropdown | None = Field(default=None, description="Of a text. fixed: only the options; growing: what is written becomes one.")
    options: list[Option] = Field(default_factory=list, max_length=MOST_OPTIONS)
    default: FieldValue | None = Field(default=None, description="What a new record has where nothing is said.")
    help: str | None = Field(default=None, max_length=1000, description="Shown beside the field.")
    max_length: int | None = Field(default=None, ge=1, le=1024, description="Of a text: 256 makes a short one. None: 1024.")
    whole: bool = Field(default=False, description="Of a number: without decimals.")


class FieldPatch(In):
    """What to change of a custom field: what is left out stays. Its type stays for ever."""

    label: Name | None = None
    unique: bool | None = None
    mandatory: bool | None = None
    history: bool | None = None
    editable: bool | None = None
    dropdown: Dropdown | None = None
    options: list[Option] | None = Field(default=None, max_length=MOST_OPTIONS, description="All of them, in their order.")
    default: FieldValue | None = None
    help: str | None = Field(default=None, max_length=1000)
    max_length: int | None = Field(default=None, ge=1, le=1024)
    whole: bool | None = None


class FieldOut(Out):
    """A field of records."""

    object_type: RecordType
    key: str
    label: str
    data_type: DataType
    unique: bool
    mandatory: bool
    history: bool
    editable: bool
    builtin: bool
    dropdown: Dropdown | None = None
    options: list[str] = Field(default_factory=list, description="Of a growing dropdown the first 1000.")
    default: FieldValue | None = None
    help: str | None = None
    max_length: int | None = None
    whole: bool = False
    as_set: bool = Field(default=False, description="Of a list: neither order nor repetitions count.")

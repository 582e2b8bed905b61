"""Fields, mappings, People, SaaS instances and SaaS users: what the mapper keeps."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.api.base import Gap, In, Name, Out
from shared.events.records import Cause, ChangeKind, RecordType
from shared.rules.operators import FieldType

DataType = FieldType
FieldKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


class FieldIn(In):
    """A custom field. Its key is made from the label when it is not given."""

    object_type: RecordType = "person"
    label: Name
    key: FieldKey | None = None
    data_type: DataType = "text"
    unique: bool = False
    history: bool = Field(default=True, description="Off: changes make no revision and start no workflow.")
    editable: bool = True


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


class FromSource(In):
    """A value taken from the raw record: `path` are keys, one by one; anything missing is empty."""

    kind: Literal["source"] = "source"
    path: list[str] = Field(min_length=1, max_length=16)


class FromConstant(In):
    """The same value for everybody."""

    kind: Literal["constant"] = "constant"
    value: str | int | float | bool


class FromInput(In):
    """The value of one of the integration's inputs."""

    kind: Literal["input"] = "input"
    key: str


class FromCredential(In):
    """The name of the credential that the run used."""

    kind: Literal["credential"] = "credential"


class FromSyncTime(In):
    """The moment at which the record was fetched."""

    kind: Literal["sync_time"] = "sync_time"


MappedFrom = Annotated[FromSource | FromConstant | FromInput | FromCredential | FromSyncTime, Field(discriminator="kind")]


class MappingIn(In):
    """Person field ← where its value comes from, and the unique fields by which a person is found, in order."""

    targets: dict[FieldKey, MappedFrom] = Field(max_length=200)
    sync_keys: list[FieldKey] = Field(max_length=5)


class MappingOut(Out):
    """A stored version of a mapping. Version 0 is the empty mapping of a new integration."""

    integration_id: UUID
    version: int
    targets: dict[str, MappedFrom]
    sync_keys: list[str]
    author: str | None
    created_at: datetime | None


class ReadinessOut(Out):
    """What a mapping lacks before its integration can be launched."""

    missing: list[Gap]


class SaasInstanceIn(In):
    """Asks for the instance of an application: the one there is, or a new one if there is none."""

    application: Name


class SaasInstanceOut(Out):
    """One software entry under Software > SaaS."""

    id: UUID
    application: str
    name: str
    users: int
    created_at: datetime


class PersonIn(In):
    """A person added by hand. Custom fields stand beside the built-in ones in `fields`."""

    fields: dict[FieldKey, Any]


class RecordPatch(In):
    """Field values to change; null empties a field."""

    fields: dict[FieldKey, Any] = Field(min_length=1)


class PersonOut(Out):
    """A Person: `fields` holds built-in and custom values by key."""

    id: UUID
    revision: int
    fields: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class SaasUserOut(Out):
    """One user of one SaaS instance. `fields` holds the flat values as rules see them."""

    id: UUID
    person_id: UUID
    saas_instance_id: UUID
    revision: int
    fields: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class RecordQuery(In):
    """A list asked for by another service: a rule, and where to go on."""

    rule: dict[str, Any] | None = None
    ids: list[UUID] | None = Field(default=None, max_length=1000)
    cursor: str | None = None
    limit: int = Field(default=200, ge=1, le=1000)


class FlatRecord(Out):
    """A record as rules see it."""

    id: UUID
    revision: int
    fields: dict[str, Any]


class TimelineEntry(Out):
    """One thing that happened to a person or to one of their SaaS users, with its cause."""

    at: datetime
    kind: ChangeKind | Literal["observed", "roles_set", "flagged"]
    record_type: RecordType
    record_id: UUID
    summary: str
    fields: dict[str, tuple[Any, Any]]
    cause: Cause
    proof: dict[str, Any] | None = None
    correlation_id: UUID

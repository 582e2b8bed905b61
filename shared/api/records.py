"""Fields, mappings, People, SaaS instances and SaaS users: what the mapper keeps."""

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import Field, StringConstraints, field_validator, model_validator

from shared.api.base import Gap, In, Name, Out
from shared.api.source_paths import SourcePath
from shared.api.sync_keys import MOST_KEYS, AnySyncKey, FieldKey, SyncKey, SyncKeyOut
from shared.api.transformations import Steps
from shared.events.records import Cause, ChangeKind, RecordType
from shared.events.sources import ObservedType
from shared.http.paging import Page
from shared.rules.model import Operator, Rule
from shared.rules.operators import FieldType

T = TypeVar("T")

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


class FromSource(In):
    """A value taken from the raw record: `path` are keys, one by one; anything missing is empty."""

    kind: Literal["source"] = "source"
    path: SourcePath
    steps: Steps = Field(default_factory=list)


class FromConstant(In):
    """The same value for everybody."""

    kind: Literal["constant"] = "constant"
    value: str | int | float | bool


class FromInput(In):
    """The value of one of the integration's inputs."""

    kind: Literal["input"] = "input"
    key: str
    steps: Steps = Field(default_factory=list)


class FromCredential(In):
    """The name of the credential that the run used."""

    kind: Literal["credential"] = "credential"


class FromSyncTime(In):
    """The moment at which the record was fetched."""

    kind: Literal["sync_time"] = "sync_time"


class FromExpression(In):
    """A value computed from `record` and `inputs` by an expression in CEL; what is missing in the record makes it empty."""

    kind: Literal["expression"] = "expression"
    expression: str = Field(min_length=1, max_length=500)
    steps: Steps = Field(default_factory=list)


MappedFrom = Annotated[FromSource | FromConstant | FromInput | FromCredential | FromSyncTime | FromExpression, Field(discriminator="kind")]


class ApiField(In):
    """A field of the source that its provider does not name: a label of one's own, and where it is in a raw record."""

    label: Name
    path: SourcePath


class FilterField(In):
    """A value of the raw record that a filter looks at, whether or not it is mapped to anything."""

    path: list[str] = Field(min_length=1, max_length=16)
    data_type: DataType = "text"


class FilterIn(In):
    """Which records are written at all. The rule looks at mapped fields, as they would be written, and at fields of the source."""

    rule: Rule
    source_fields: dict[FieldKey, FilterField] = Field(
        default_factory=dict, max_length=50, description="Fields of the source by the name under which the rule knows them."
    )


MappedType = Literal["person", "asset"]
MADE_OF: dict[ObservedType, MappedType] = {"user": "person", "device": "asset"}
"""What records are made of what a source describes."""


class MappingIn(In):
    """Field ← where its value comes from, and the unique fields by which a record is found, in order."""

    object_type: MappedType = Field(default="person", description="Of which records the targets are fields: assets are made of devices.")
    targets: dict[FieldKey, MappedFrom] = Field(max_length=200)
    sync_keys: list[AnySyncKey] = Field(
        max_length=MOST_KEYS, description="By what a record is found, the primary key first: unique fields, or several fields together."
    )
    clears: list[FieldKey] = Field(
        default_factory=list, max_length=200, description="Targets that a blank value empties. Of all others it keeps what is there."
    )
    restores_archived: bool = Field(default=False, description="A match on an archived person brings them back. Off: it is skipped.")
    filter: FilterIn | None = Field(default=None, description="Only records that meet it are written. Null: every record is.")
    api_fields: list[ApiField] = Field(default_factory=list, max_length=200, description="Custom API fields, beside those of the provider.")
    note: str | None = Field(default=None, max_length=1000, description="Why it was changed, for those who read the versions.")
    based_on: int | None = Field(default=None, ge=0, description="The version that was read; refused when there is a newer one.")
    forecast: UUID | None = Field(
        default=None, description="Of a launched integration: the forecast of just this mapping that was looked at."
    )

    @field_validator("sync_keys")
    @classmethod
    def _briefly(cls, given: list[AnySyncKey]) -> list[AnySyncKey]:
        return [SyncKey.of(one).short for one in given]


class MappingOut(Out):
    """A stored version of a mapping. Version 0 is the empty mapping of a new integration."""

    integration_id: UUID
    version: int
    object_type: MappedType = "person"
    targets: dict[str, MappedFrom]
    sync_keys: list[AnySyncKey]
    finds_by: list[SyncKeyOut] = Field(default_factory=list, description="What each sync key does, in words.")
    clears: list[str] = Field(default_factory=list)
    restores_archived: bool = False
    filter: FilterIn | None = None
    api_fields: list[ApiField] = Field(default_factory=list)
    author: str | None
    note: str | None = None
    restored_from: int | None = Field(default=None, description="The older version that this one brought back.")
    created_at: datetime | None


class FilterReason(Out):
    """A condition by which a record failed an integration's filter: one that did not hold, or within a `not` one that did."""

    path: str = Field(description="Where it stands in the rule, such as `rule.all.0`.")
    field: str
    operator: Operator
    value: Any = Field(description="What the field was compared with.")
    found: Any = Field(description="What the field had at that time; long texts and lists are cut off.")


class FilteredOut(Out):
    """A record that an integration's filter held back during a run."""

    page: int
    source_id: str
    mapping_version: int = Field(description="The version of the mapping, and so of the filter, that held it back.")
    fetched_at: datetime
    reasons: list[FilterReason] = Field(description="The conditions that it failed; none where the filter can be met by nobody.")


class ReadinessOut(Out):
    """What a mapping lacks before its integration can be launched."""

    missing: list[Gap]


class PersonIn(In):
    """A person added by hand. Custom fields stand beside the built-in ones in `fields`."""

    fields: dict[FieldKey, Any]


Items = Annotated[list[Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]], Field(max_length=100)]


class RecordPatch(In):
    """Field values to change (null empties a field), and items to add to lists or to take out of them, such as tags."""

    fields: dict[FieldKey, Any] = Field(default={})
    add: dict[FieldKey, Items] = Field(default={}, description="Items of lists; one that is there, whatever its case, stays as it is.")
    remove: dict[FieldKey, Items] = Field(default={}, description="Items of lists; one that is not there is no mistake.")
    release: list[FieldKey] = Field(
        default=[], max_length=200, description="Fields to give back to their sources: hand edits of them are kept no longer."
    )

    @model_validator(mode="after")
    def _says_something(self) -> "RecordPatch":
        if not (self.fields or self.add or self.remove or self.release):
            raise ValueError("give at least one of fields, add, remove and release")
        if twice := sorted(self.fields.keys() & (self.add.keys() | self.remove.keys())):
            raise ValueError(f"says of {', '.join(twice)} both what it is and what to add or remove")
        if twice := sorted(set(self.release) & (self.fields.keys() | self.add.keys() | self.remove.keys())):
            raise ValueError(f"both changes {', '.join(twice)} and gives it back to its sources")
        return self


class RecordChange(RecordPatch):
    """A change of one record, by whoever has seen it."""

    revision: int | None = Field(
        default=None, ge=1, description="The revision that was seen: the change is refused when the record has changed since."
    )


class AnonymiseIn(In):
    """Confirms who loses everything personal: it cannot be taken back."""

    confirm: str = Field(max_length=1024, description="The person's username, as it is stored.")


class PersonOut(Out):
    """A Person: `fields` holds built-in and custom values by key."""

    id: UUID
    revision: int
    fields: dict[str, Any]
    archived_at: datetime | None = Field(default=None, description="Since when the person is kept out of lists, and no source writes them.")
    anonymised_at: datetime | None = Field(default=None, description="Since when nothing personal is left of them.")
    created_at: datetime
    updated_at: datetime


class SaasRole(Out):
    """A role in a SaaS."""

    external_id: str | None = Field(description="What the SaaS calls it; null where it gives no id.")
    label: str


class SaasRoleOut(SaasRole):
    """A role of a SaaS instance, with how many of its users have it."""

    users: int


class SaasUserOut(Out):
    """One user of one SaaS instance. `fields` holds the flat values as rules see them."""

    id: UUID
    person_id: UUID
    saas_instance_id: UUID
    revision: int
    fields: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class RecordPage(Page[T], Generic[T]):
    """One page of a list of records. Beyond some thousand records, `total` is estimated from a sample."""

    total_is_estimate: bool = Field(default=False, description="Whether `total` is an estimate.")


class ListIn(In):
    """A list as it is kept or exported: which records, in which order, with which fields."""

    rule: dict[str, Any] | None = Field(default=None, description="The records that meet this rule; all of them without one.")
    search: str | None = Field(default=None, max_length=500, description="Only People in whom each of these words begins a word.")
    sort: str | None = Field(default=None, max_length=100, description="A field; `-` before it for descending.")
    fields: list[FieldKey] | None = Field(default=None, min_length=1, max_length=200, description="The fields wanted; all without it.")


class ListCheckIn(ListIn):
    """A list that is to be looked at before it is used; counted up to `count_to`, if that is given."""

    count_to: int | None = Field(default=None, ge=0)


class ListCheckOut(Out):
    """What is to be known of a list before it is read to its end."""

    records: int | None = Field(description="How many there are; one more than `count_to` when there are more than that.")
    by_index: bool = Field(description="Whether each page is found by an index, however far down it is.")


class OfMoment(Out):
    """What is said of a record that was asked for as it was at a moment."""

    as_of: datetime | None = Field(default=None, description="The moment that was asked for; null: the present.")
    compacted_before: datetime | None = Field(
        default=None,
        description="Where that moment lies before it, only some of the states of then are kept: the nearest earlier one is shown.",
    )
    not_in_history: list[str] = Field(
        default_factory=list, description="Fields that are kept out of history, and so are not shown of the past."
    )


class PersonAt(PersonOut, OfMoment):
    """A Person, now or at a moment."""


class SaasUserAt(SaasUserOut, OfMoment):
    """A SaaS user, now or at a moment."""

    roles: list[SaasRole] = Field(default_factory=list, description="The roles with their ids, as the SaaS calls them today.")


class AssetOut(Out):
    """A device. `fields` holds the flat values as rules see them; `person_id` is whom its source names, once they are known."""

    id: UUID
    person_id: UUID | None
    revision: int
    fields: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class AssetAt(AssetOut, OfMoment):
    """A device, now or at a moment."""


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


class LinkOut(Out):
    """What a source calls somebody, and when it showed them."""

    integration_id: UUID
    source_id: str
    first_observed_at: datetime
    last_observed_at: datetime
    missing_since: datetime | None
    deleted_at: datetime | None
    says: dict[str, Any] = Field(
        default_factory=dict, description="What it says of fields that have an order, also where another source won."
    )
    last_observation: dict[str, Any] | None = Field(default=None, description="The last raw record, as the source gave it.")


class SubjectExport(Out):
    """Everything that is kept about one person, for the person."""

    exported_at: datetime
    person: PersonOut
    saas_users: list[SaasUserOut]
    assets: list[AssetOut]
    links: list[LinkOut]
    timeline: list[TimelineEntry] = Field(description="The newest 2000 entries.")


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

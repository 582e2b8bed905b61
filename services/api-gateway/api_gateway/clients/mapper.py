"""What the gateway asks the mapper: fields, mappings, People, SaaS instances, SaaS users and assets."""

from typing import Literal, TypeVar
from uuid import UUID

from api_gateway.clients.internal import InternalClient, steps
from api_gateway.clients.listing import ListQuery
from api_gateway.clients.subjects import Subject
from shared.api.assets import AssetOut
from shared.api.fields import FieldIn, FieldOut, FieldPatch
from shared.api.filters import FilteredOut
from shared.api.lists import ListCheckIn, ListCheckOut, ListIn
from shared.api.mappings import MappingIn, MappingOut, ReadinessOut
from shared.api.people import AnonymiseIn, PersonIn, PersonOut, SubjectExport
from shared.api.records import RecordChange, RecordPage, TimelineEntry
from shared.api.rules import RuleCheckIn, RuleCheckOut
from shared.api.saas_users import SaasUserOut
from shared.api.suggestions import SuggestionsIn, SuggestionsOut
from shared.events.records import RecordType
from shared.events.sources import ObservedType
from shared.http.paging import Page

R = TypeVar("R", PersonOut, SaasUserOut, AssetOut)
Records = RecordPage[PersonOut] | RecordPage[SaasUserOut] | RecordPage[AssetOut]


class MapperClient(InternalClient):
    """Everything that is about records."""

    audience = "mapper"

    async def fields(self, object_type: RecordType | None, *, actor: str) -> Page[FieldOut]:
        """Return the fields of one object type, or of all."""
        return await self.get(Page[FieldOut], "/internal/fields", actor=actor, object_type=object_type)

    async def add_field(self, given: FieldIn, *, actor: str) -> FieldOut:
        """Add a custom field."""
        return await self.ask(FieldOut, "POST", "/internal/fields", actor=actor, body=given)

    async def change_field(self, object_type: RecordType, key: str, given: FieldPatch, *, actor: str) -> FieldOut:
        """Change a custom field: only what was sent."""
        sent = given.model_dump(mode="json", exclude_unset=True)
        return await self.ask(FieldOut, "PATCH", f"/internal/fields/{steps(object_type, key)}", actor=actor, body=sent)

    async def filtered(self, run_id: UUID, ask: ListQuery, *, actor: str) -> Page[FilteredOut]:
        """Return the records that a filter held back during a run."""
        return await self.get(Page[FilteredOut], f"/internal/runs/{run_id}/filtered", actor=actor, **ask.params())

    async def check_rule(self, given: RuleCheckIn, *, actor: str) -> RuleCheckOut:
        """Return what is wrong with a rule."""
        return await self.ask(RuleCheckOut, "POST", "/internal/rules/check", actor=actor, body=given)

    async def mapping(self, integration_id: UUID, *, actor: str) -> MappingOut:
        """Return the newest version of an integration's mapping."""
        return await self.get(MappingOut, f"/internal/integrations/{integration_id}/mapping", actor=actor)

    async def store_mapping(self, integration_id: UUID, given: MappingIn, *, complete: bool, actor: str) -> MappingOut:
        """Store a new version of an integration's mapping. `complete`: the integration runs, so nothing may be missing in it."""
        path = f"/internal/integrations/{integration_id}/mapping"
        return await self.ask(MappingOut, "PUT", path, actor=actor, body=given, params={"complete": complete})

    async def suggestions(self, integration_id: UUID, given: SuggestionsIn, *, actor: str) -> SuggestionsOut:
        """Suggest a mapping; nothing is stored."""
        path = f"/internal/integrations/{integration_id}/mapping/suggestions"
        return await self.ask(SuggestionsOut, "POST", path, actor=actor, body=given)

    async def readiness(self, integration_id: UUID, describes: ObservedType, *, actor: str) -> ReadinessOut:
        """Return what an integration's mapping lacks."""
        path = f"/internal/integrations/{integration_id}/mapping/readiness"
        return await self.get(ReadinessOut, path, actor=actor, describes=describes)

    async def people(self, ask: ListQuery, *, archived: bool = False, actor: str) -> RecordPage[PersonOut]:
        """Return People who are active, or those who are archived or anonymised."""
        return await self.get(RecordPage[PersonOut], "/internal/people", actor=actor, archived=archived, **ask.params())

    async def check_list(self, object_type: RecordType, given: ListIn, *, actor: str, count_to: int | None = None) -> ListCheckOut:
        """Say what is to be known of a list before it is kept or exported; raises what is wrong with it."""
        body = ListCheckIn(**given.model_dump(include=set(ListIn.model_fields)), count_to=count_to)
        return await self.ask(ListCheckOut, "POST", f"/internal/records/{object_type}/check", actor=actor, body=body)

    async def records(self, object_type: RecordType, ask: ListQuery, *, actor: str) -> Records:
        """Return records of a type."""
        if object_type == "person":
            return await self.people(ask, actor=actor)
        return await (self.assets(ask, actor=actor) if object_type == "asset" else self.saas_users(ask, actor=actor))

    async def found(self, kind: type[R], subject: Subject, field: str, value: str, *, actor: str) -> R:
        """Return the record with this value of a unique field."""
        return await self.get(kind, f"/internal/{subject}/by/{steps(field, value)}", actor=actor)

    async def change(self, kind: type[R], subject: Subject, record_id: UUID, given: RecordChange, *, actor: str) -> R:
        """Change fields of a record."""
        return await self.ask(kind, "PATCH", f"/internal/{subject}/{record_id}", actor=actor, body=given)

    async def saas_users_of(self, person_id: UUID, ask: ListQuery, *, actor: str) -> RecordPage[SaasUserOut]:
        """Return the SaaS users of a Person."""
        return await self.get(RecordPage[SaasUserOut], f"/internal/people/{person_id}/saas-users", actor=actor, **ask.params())

    async def move_person(self, person_id: UUID, step: Literal["archive", "restore"], *, actor: str) -> PersonOut:
        """Archive a Person, or restore them."""
        return await self.ask(PersonOut, "POST", f"/internal/people/{person_id}/{step}", actor=actor)

    async def anonymise_person(self, person_id: UUID, given: AnonymiseIn, *, actor: str) -> PersonOut:
        """Take everything personal from a Person."""
        return await self.ask(PersonOut, "POST", f"/internal/people/{person_id}/anonymise", actor=actor, body=given)

    async def export_person(self, person_id: UUID, *, actor: str) -> SubjectExport:
        """Return everything that is kept about a Person."""
        return await self.get(SubjectExport, f"/internal/people/{person_id}/export", actor=actor)

    async def add_person(self, given: PersonIn, *, actor: str) -> PersonOut:
        """Add a Person by hand."""
        return await self.ask(PersonOut, "POST", "/internal/people", actor=actor, body=given)

    async def timeline(self, subject: Literal["people", "assets"], record_id: UUID, *, actor: str) -> Page[TimelineEntry]:
        """Return what happened to a record; to a Person, also what happened to their SaaS users."""
        return await self.get(Page[TimelineEntry], f"/internal/{subject}/{record_id}/timeline", actor=actor)

    async def saas_users(self, ask: ListQuery, *, actor: str) -> RecordPage[SaasUserOut]:
        """Return SaaS users."""
        return await self.get(RecordPage[SaasUserOut], "/internal/saas-users", actor=actor, **ask.params())

    async def assets(self, ask: ListQuery, *, actor: str) -> RecordPage[AssetOut]:
        """Return assets."""
        return await self.get(RecordPage[AssetOut], "/internal/assets", actor=actor, **ask.params())

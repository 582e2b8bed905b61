"""Fields, People, SaaS instances, SaaS users and assets: what the mapper keeps."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from api_gateway.api.v1.paging import people_wanted, records_wanted
from api_gateway.api.v1.routing import subject
from api_gateway.clients.listing import ListQuery
from api_gateway.scope import InAccount, InParts
from shared.api.assets import AssetAt, AssetOut
from shared.api.base import Moment
from shared.api.fields import FieldIn, FieldOut, FieldPatch
from shared.api.people import AnonymiseIn, PersonAt, PersonIn, PersonOut, SubjectExport
from shared.api.records import RecordChange, RecordPage, TimelineEntry
from shared.api.saas_users import SaasUserAt, SaasUserOut
from shared.events.records import RecordType
from shared.http.paging import Page

fields: APIRouter = subject("/fields", "fields")
people: APIRouter = subject("/people", "people")
saas_users: APIRouter = subject("/saas-users", "saas users")
assets: APIRouter = subject("/assets", "assets")

Wanted = Annotated[ListQuery, Depends(records_wanted)]
PeopleWanted = Annotated[ListQuery, Depends(people_wanted)]
AsOf = Annotated[Moment | None, Query(description="A moment, with its zone; the record as it was then.")]


@fields.get("")
async def list_fields(parts: InParts, account: InAccount, object_type: RecordType | None = None) -> Page[FieldOut]:
    """Return the fields of one object type, or of all."""
    return await parts.mapper.fields(object_type, actor=account.name)


@fields.post("", status_code=201)
async def add_field(given: FieldIn, parts: InParts, account: InAccount) -> FieldOut:
    """Add a custom field."""
    return await parts.mapper.add_field(given, actor=account.name)


@fields.patch("/{object_type}/{key}")
async def change_field(
    object_type: RecordType, key: Annotated[str, Path(max_length=63)], given: FieldPatch, parts: InParts, account: InAccount
) -> FieldOut:
    """Change a custom field. Making it unique is refused while records share values, and names them."""
    return await parts.mapper.change_field(object_type, key, given, actor=account.name)


@people.get("")
async def list_people(ask: PeopleWanted, parts: InParts, account: InAccount, *, archived: bool = False) -> RecordPage[PersonOut]:
    """Return People who are active; with `archived` those who are archived or anonymised."""
    return await parts.mapper.people(ask, archived=archived, actor=account.name)


@people.post("", status_code=201)
async def add_person(given: PersonIn, parts: InParts, account: InAccount) -> PersonOut:
    """Add a Person by hand."""
    return await parts.mapper.add_person(given, actor=account.name)


@people.get("/by/{field}/{value:path}")
async def find_person(field: str, value: str, parts: InParts, account: InAccount) -> PersonOut:
    """Return the Person with this value of a unique field, such as `/people/by/email/ada@example.com`."""
    return await parts.mapper.found(PersonOut, "people", field, value, actor=account.name)


@people.get("/{person_id}/saas-users")
async def list_saas_users_of_person(person_id: UUID, ask: Wanted, parts: InParts, account: InAccount) -> RecordPage[SaasUserOut]:
    """Return the SaaS users of a Person."""
    return await parts.mapper.saas_users_of(person_id, ask, actor=account.name)


@people.get("/{person_id}")
async def read_person(person_id: UUID, parts: InParts, account: InAccount, as_of: AsOf = None) -> PersonAt:
    """Return one Person, now or as they were at a moment."""
    return await parts.history.record(PersonAt, "people", person_id, as_of, actor=account.name)


@people.patch("/{person_id}")
async def change_person(person_id: UUID, given: RecordChange, parts: InParts, account: InAccount) -> PersonOut:
    """Change fields of a Person."""
    return await parts.mapper.change(PersonOut, "people", person_id, given, actor=account.name)


@people.get("/{person_id}/timeline")
async def read_timeline(person_id: UUID, parts: InParts, account: InAccount) -> Page[TimelineEntry]:
    """Return what happened to a Person and to their SaaS users."""
    return await parts.mapper.timeline("people", person_id, actor=account.name)


@people.post("/{person_id}/archive")
async def archive_person(person_id: UUID, parts: InParts, account: InAccount) -> PersonOut:
    """Archive a Person: kept with all that is known, out of lists, and written by no source unless its mapping restores."""
    return await parts.mapper.move_person(person_id, "archive", actor=account.name)


@people.post("/{person_id}/restore")
async def restore_person(person_id: UUID, parts: InParts, account: InAccount) -> PersonOut:
    """Restore a Person who is archived."""
    return await parts.mapper.move_person(person_id, "restore", actor=account.name)


@people.post("/{person_id}/anonymise")
async def anonymise_person(person_id: UUID, given: AnonymiseIn, parts: InParts, account: InAccount) -> PersonOut:
    """Take everything personal from a Person, for good; that there was somebody, and when something happened, stays."""
    return await parts.mapper.anonymise_person(person_id, given, actor=account.name)


@people.get("/{person_id}/export")
async def export_person(person_id: UUID, parts: InParts, account: InAccount) -> SubjectExport:
    """Return everything that is kept about a Person, for the person who asks for it."""
    return await parts.mapper.export_person(person_id, actor=account.name)


@saas_users.get("")
async def list_saas_users(ask: Wanted, parts: InParts, account: InAccount) -> RecordPage[SaasUserOut]:
    """Return SaaS users."""
    return await parts.mapper.saas_users(ask, actor=account.name)


@saas_users.get("/by/{field}/{value:path}")
async def find_saas_user(field: str, value: str, parts: InParts, account: InAccount) -> SaasUserOut:
    """Return the SaaS user with this value of a unique field."""
    return await parts.mapper.found(SaasUserOut, "saas-users", field, value, actor=account.name)


@saas_users.get("/{saas_user_id}")
async def read_saas_user(saas_user_id: UUID, parts: InParts, account: InAccount, as_of: AsOf = None) -> SaasUserAt:
    """Return one SaaS user, now or as they were at a moment."""
    return await parts.history.record(SaasUserAt, "saas-users", saas_user_id, as_of, actor=account.name)


@saas_users.patch("/{saas_user_id}")
async def change_saas_user(saas_user_id: UUID, given: RecordChange, parts: InParts, account: InAccount) -> SaasUserOut:
    """Change fields of a SaaS user."""
    return await parts.mapper.change(SaasUserOut, "saas-users", saas_user_id, given, actor=account.name)


@assets.get("")
async def list_assets(ask: Wanted, parts: InParts, account: InAccount) -> RecordPage[AssetOut]:
    """Return assets."""
    return await parts.mapper.assets(ask, actor=account.name)


@assets.get("/by/{field}/{value:path}")
async def find_asset(field: str, value: str, parts: InParts, account: InAccount) -> AssetOut:
    """Return the asset with this value of a unique field, such as `/assets/by/device_id/…`."""
    return await parts.mapper.found(AssetOut, "assets", field, value, actor=account.name)


@assets.get("/{asset_id}")
async def read_asset(asset_id: UUID, parts: InParts, account: InAccount, as_of: AsOf = None) -> AssetAt:
    """Return one asset, now or as it was at a moment."""
    return await parts.history.record(AssetAt, "assets", asset_id, as_of, actor=account.name)


@assets.patch("/{asset_id}")
async def change_asset(asset_id: UUID, given: RecordChange, parts: InParts, account: InAccount) -> AssetOut:
    """Change fields of an asset."""
    return await parts.mapper.change(AssetOut, "assets", asset_id, given, actor=account.name)


@assets.get("/{asset_id}/timeline")
async def read_asset_timeline(asset_id: UUID, parts: InParts, account: InAccount) -> Page[TimelineEntry]:
    """Return what happened to an asset."""
    return await parts.mapper.timeline("assets", asset_id, actor=account.name)

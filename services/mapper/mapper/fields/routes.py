"""Routes of the fields."""

from fastapi import APIRouter

from mapper.fields.fields import add_field, fields_of
from mapper.scope import InReading, InRequest
from shared.api.records import FieldIn, FieldOut
from shared.events.records import RecordType
from shared.http.paging import Page

router = APIRouter(prefix="/fields", tags=["fields"])


@router.get("")
async def list_fields(session: InReading, object_type: RecordType | None = None) -> Page[FieldOut]:
    """Return the fields of one object type, or of all."""
    wanted: list[RecordType] = [object_type] if object_type else ["person", "saas_user"]
    return Page(items=[field for kind in wanted for field in (await fields_of(session, kind)).values()])


@router.post("", status_code=201)
async def add(given: FieldIn, unit: InRequest) -> FieldOut:
    """Add a custom field."""
    return await add_field(unit.session, given)

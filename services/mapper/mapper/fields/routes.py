"""Routes of the fields."""

from fastapi import APIRouter

from mapper.fields.builtin import BUILTIN
from mapper.fields.changing import change_field
from mapper.fields.fields import add_field, fields_of
from mapper.scope import InReading, InRequest
from shared.api.fields import FieldIn, FieldOut, FieldPatch
from shared.events.records import RecordType
from shared.http.paging import Page

router = APIRouter(prefix="/fields", tags=["fields"])


@router.get("")
async def list_fields(session: InReading, object_type: RecordType | None = None) -> Page[FieldOut]:
    """Return the fields of one object type, or of all."""
    wanted: list[RecordType] = [object_type] if object_type else list(BUILTIN)
    return Page(items=[field for kind in wanted for field in (await fields_of(session, kind)).values()])


@router.post("", status_code=201)
async def add(given: FieldIn, unit: InRequest) -> FieldOut:
    """Add a custom field."""
    return await add_field(unit.session, given)


@router.patch("/{object_type}/{key}")
async def change(object_type: RecordType, key: str, given: FieldPatch, unit: InRequest) -> FieldOut:
    """Change a custom field."""
    return await change_field(unit.session, object_type, key, given)

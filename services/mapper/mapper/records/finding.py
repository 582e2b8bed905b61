"""One record by the value of a unique field."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.fields.fields import fields_of, require_known
from mapper.fields.values import DoesNotFit, is_storable, moment, unique_key
from mapper.records.patching import RecordNotFound
from mapper.tables import UNIQUE_VALUES
from shared.errors import Invalid
from shared.events.records import RecordType


class NotUnique(Invalid):
    """A field does not name one record: several may have the same value."""

    code = "not_unique"


async def id_of(session: AsyncSession, record_type: RecordType, key: str, value: str) -> UUID:
    """Return who has this value, compared as unique values are: without case, Unicode variants and outer blanks.

    Raises `UnknownField`, `NotUnique`, `RecordNotFound`; none of them repeats the value.
    """
    known = await fields_of(session, record_type)
    require_known([key], known, place="field")
    if not known[key].unique:
        unique = ", ".join(name for name, field in known.items() if field.unique) or "none is"
        problem = {"field": "field", "message": f"{key} is not unique", "remedy": f"Unique fields: {unique}."}
        raise NotUnique(f"{key} does not name one {record_type}", remedy="Filter the list by it instead.", fields=[problem])
    try:
        wanted = moment(value) if known[key].data_type == "datetime" else value
    except DoesNotFit as error:
        raise Invalid(f"the value {error}", remedy="Write it in ISO 8601.", fields=[{"field": "value", "message": str(error)}]) from None
    table = UNIQUE_VALUES
    holder = select(table.c.record_id).where(table.c.value == unique_key(wanted), table.c.field == key, table.c.object_type == record_type)
    found: UUID | None = await session.scalar(holder) if is_storable(wanted) else None
    if found is None:
        raise RecordNotFound(f"no {record_type} has this {key}", remedy="Look for it in the list.")
    return found

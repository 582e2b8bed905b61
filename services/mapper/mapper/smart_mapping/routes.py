"""The route of smart mapping."""

import asyncio
from uuid import UUID

from fastapi import APIRouter

from mapper.fields.fields import fields_of
from mapper.mappings.mappings import current
from mapper.scope import InReading
from mapper.smart_mapping.reading import earlier_mappings
from mapper.smart_mapping.suggesting import suggest
from shared.api.suggestions import SuggestionsIn, SuggestionsOut

router = APIRouter(prefix="/integrations/{integration_id}/mapping", tags=["mappings"])


@router.post("/suggestions")
async def suggestions(integration_id: UUID, given: SuggestionsIn, session: InReading) -> SuggestionsOut:
    """Suggest what could be mapped to the fields that nobody mapped yet; nothing is stored."""
    fields = await fields_of(session, given.object_type)
    mapping = await current(session, integration_id)
    earlier = await earlier_mappings(session, integration_id, mapping.object_type)
    mapped = mapping.targets if given.object_type == mapping.object_type else {}
    # A hundred wide records keep a processor busy for a second, which others must not wait for.
    return await asyncio.to_thread(suggest, given, fields, mapped, earlier)

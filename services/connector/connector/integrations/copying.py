"""Copying an integration: a draft with the same details, inputs, schedules and mapping, and with no past of its own."""

from uuid import UUID

from connector.integrations.archiving import delete_integration
from connector.integrations.integrations import Stored, add_integration, change_details, replace_inputs, stored_integration
from connector.schedules.schedules import copy_schedules
from connector.scope import Parts
from shared.api.integrations import IntegrationIn
from shared.api.mappings import MappingIn
from shared.unit import Unit

COPIED = (
    "user_selection",
    "installation",
    "preference",
    "integration_user",
    "saas_instance_id",
    "credential_id",
    "agent",
    "local_credential",
)


async def copy(parts: Parts, integration_id: UUID, name: str, *, actor: str) -> UUID:
    """Store a copy as a draft; return its id. Raises `IntegrationNotFound`, `Conflict` for a taken name, and what the mapper raises."""
    mapping = await parts.mapper.mapping(integration_id, actor=actor)
    async with parts.units.begin(actor=actor) as unit:
        copied = await _add(parts, unit, await stored_integration(unit.session, integration_id), name)
    if mapping.version:
        try:
            parts_of_it = {
                "object_type": mapping.object_type,
                "targets": mapping.targets,
                "sync_keys": mapping.sync_keys,
                "clears": mapping.clears,
                "restores_archived": mapping.restores_archived,
                "filter": mapping.filter,
                "api_fields": mapping.api_fields,
            }
            await parts.mapper.store_mapping(copied, MappingIn.model_validate(parts_of_it), actor=actor)
        except BaseException:
            # Half a copy would look like a whole one until it is launched.
            await delete_integration(parts, copied, actor=actor)
            raise
    return copied


async def _add(parts: Parts, unit: Unit, stored: Stored, name: str) -> UUID:
    session, manifest = unit.session, parts.providers.get(stored.row.provider).manifest
    copied = await add_integration(session, IntegrationIn(provider=stored.row.provider, name=name), manifest)
    await change_details(session, await stored_integration(session, copied), {field: getattr(stored.row, field) for field in COPIED})
    await replace_inputs(session, copied, stored.inputs, manifest)
    await copy_schedules(session, stored.row.id, copied)
    return copied

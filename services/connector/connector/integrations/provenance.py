"""What an integration says of the records that it fetches, as it stands at this moment."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from connector.credentials.credentials import stored_credential
from connector.integrations.integrations import Stored
from connector.sources.base import Input
from shared.api.sources import ProviderOut
from shared.events.sources import Provenance


async def provenance_now(
    session: AsyncSession, stored: Stored, manifest: ProviderOut, inputs: Iterable[Input], **of_the_run: Any
) -> Provenance:
    """Return the provenance of records that are fetched now; `of_the_run` is what the run alone knows. Raises `CredentialNotFound`."""
    row = stored.row
    return Provenance(
        integration_id=row.id,
        integration_name=row.name,
        provider=row.provider,
        object_type=manifest.object_type,
        application=manifest.application,
        user_selection=row.user_selection if manifest.object_type == "user" else None,
        preference=row.preference,
        saas_instance_id=row.saas_instance_id,
        integration_user=row.integration_user,
        credential_name=await _credential_name(session, stored, manifest),
        inputs={given.key: given.value for given in inputs},
        **of_the_run,
    )


async def _credential_name(session: AsyncSession, stored: Stored, manifest: ProviderOut) -> str:
    """Return the name of what signs in; nothing where nothing does."""
    if manifest.uploads:
        return ""
    local: str | None = stored.row.local_credential
    return local or (await stored_credential(session, stored.row.credential_id)).name

"""What is needed to speak to an integration's source outside a run."""

from uuid import UUID

from connector.credentials.credentials import stored_credential
from connector.integrations.gaps import source_gaps
from connector.integrations.integrations import stored_integration
from connector.integrations.launching import incomplete
from connector.integrations.states import require_kept
from connector.scope import Parts
from connector.sources.base import Access, Source
from connector.variables.inputs import inputs_of


async def access_for(parts: Parts, integration_id: UUID) -> tuple[Source, Access]:
    """Return the source, and what it needs. Raises `IntegrationNotFound`, `SecretUnreadable`, `IntegrationIncomplete`, `WrongState`."""
    async with parts.database.reading() as session:
        stored = await stored_integration(session, integration_id)
        require_kept(stored.row)
        source = parts.providers.get(stored.row.provider)
        gaps = source_gaps(stored, source.manifest)
        if gaps:
            raise incomplete(stored.row.name, gaps)
        credential = await stored_credential(session, stored.row.credential_id)
        inputs = await inputs_of(session, integration_id)
    return source, credential.access(parts.vault, inputs)

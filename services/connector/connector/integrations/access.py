"""What is needed to speak to an integration's source outside a run."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from connector.credentials.credentials import stored_credential
from connector.integrations.gaps import incomplete, source_gaps
from connector.integrations.integrations import stored_integration
from connector.integrations.states import require_kept
from connector.scope import Parts
from connector.sources.base import Access, Source
from connector.variables.inputs import inputs_of
from shared.errors import Conflict


class ReadByAgent(Conflict):
    """The integration's source is read by an agent on another host, and so is its credential."""

    code = "read_by_agent"


def require_within_reach(row: Row[Any]) -> None:
    """Raise `ReadByAgent` when only an agent can speak to the integration's source."""
    if row.installation == "local":
        remedy = "Run `rollcall agent check` on the agent's host: it tries credential and inputs there. Counts come with a run that plans."
        raise ReadByAgent(f"{row.name!r} is a local installation: only its agent can ask the source", remedy=remedy)


async def access_for(parts: Parts, integration_id: UUID) -> tuple[Source, Access]:
    """Return the source, and what it needs.

    Raises `IntegrationNotFound`, `SecretUnreadable`, `IntegrationIncomplete`, `WrongState`, `ReadByAgent`.
    """
    async with parts.database.reading() as session:
        stored = await stored_integration(session, integration_id)
        require_kept(stored.row)
        source = parts.providers.get(stored.row.provider)
        require_within_reach(stored.row)
        gaps = source_gaps(stored, source.manifest)
        if gaps:
            raise incomplete(stored.row.name, gaps)
        inputs = await inputs_of(session, integration_id)
        if source.manifest.uploads and stored.file_id is not None:
            return source, Access.of_file(stored.file_id, inputs)
        credential = await stored_credential(session, stored.row.credential_id)
    return source, credential.access(parts.vault, inputs)

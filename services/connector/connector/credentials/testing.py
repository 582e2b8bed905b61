"""Testing a credential: the question goes to the source, outside any transaction."""

from uuid import UUID

from connector.credentials.credentials import note_test, stored_credential
from connector.rates.lane import urgent
from connector.scope import Parts
from connector.variables.inputs import resolve, usual_inputs
from shared.api.credentials import CredentialTestOut
from shared.api.variables import InputRef
from shared.clock import now


async def try_credential(parts: Parts, credential_id: UUID, inputs: dict[str, InputRef] | None, *, actor: str) -> CredentialTestOut:
    """Return what works. Without `inputs` the provider's usual global variables are compared, where they exist."""
    async with parts.database.reading() as session:
        stored = await stored_credential(session, credential_id)
        source = parts.providers.get(stored.provider)
        given = await resolve(session, inputs) if inputs else await usual_inputs(session, source.manifest)
    with urgent():
        result = await source.test(stored.access(parts.vault, given))
    async with parts.units.begin(actor=actor) as unit:
        await note_test(unit.session, credential_id, at=now(), ok=result.ok)
    return result

"""Beginning a run: what the integration says at this moment is written down, and holds until the run ends."""

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from connector.credentials.credentials import stored_credential
from connector.integrations.gaps import incomplete, own_gaps
from connector.integrations.integrations import Stored, stored_integration
from connector.integrations.provenance import provenance_now
from connector.providers.providers import Providers
from connector.runs.claims import Claim
from connector.runs.log import log_state
from connector.runs.phases import LISTING
from connector.runs.watermarks import LOADED, LOADING
from connector.scope import Parts
from connector.sources.base import Access, Input
from connector.tables import RUNS
from connector.variables.inputs import inputs_of
from shared.api.sources import ProviderOut
from shared.clock import now
from shared.events.sources import Provenance


async def begin(session: AsyncSession, held: Claim, providers: Providers) -> None:
    """Write the run's provenance. Raises `IntegrationIncomplete` when something was taken away since the launch."""
    stored = await stored_integration(session, held.row.integration_id)
    manifest = providers.get(stored.row.provider).manifest
    gaps = own_gaps(stored, manifest)
    if gaps:
        raise incomplete(stored.row.name, gaps)
    inputs = await inputs_of(session, stored.row.id)
    provenance = await _provenance(session, held, stored, manifest, inputs)
    await held.advance(
        session,
        state="running",
        phase=LISTING,
        started_at=now(),
        credential_id=stored.row.credential_id,
        file_id=stored.file_id if manifest.uploads else None,
        provenance=provenance.model_dump(mode="json"),
        input_variables={given.key: given.variable for given in inputs},
    )
    await log_state(session, held.run_id, "running", initial=provenance.initial)


def provenance_of(held: Claim) -> Provenance:
    """Return what was written down when the run began."""
    return Provenance.model_validate(held.row.provenance)


async def access_of(parts: Parts, held: Claim) -> Access:
    """Return what the source needs. Raises `CredentialNotFound`, `SecretUnreadable`."""
    variables = held.row.input_variables or {}
    inputs = tuple(Input(key, value, variables.get(key)) for key, value in provenance_of(held).inputs.items())
    if held.row.file_id is not None:
        return Access.of_file(held.row.file_id, inputs)
    async with parts.database.reading() as session:
        stored = await stored_credential(session, held.row.credential_id)
    return stored.access(parts.vault, inputs)


async def _provenance(session: AsyncSession, held: Claim, stored: Stored, manifest: ProviderOut, inputs: tuple[Input, ...]) -> Provenance:
    before = (RUNS.c.integration_id == stored.row.id, RUNS.c.kind.in_(LOADING), RUNS.c.mode == "apply", RUNS.c.state.in_(LOADED))
    loaded = await session.scalar(select(exists().where(*before)))
    run = {"run_id": held.run_id, "initial": not loaded, "mode": held.row.mode, "plan_run_id": held.row.plan_of}
    return await provenance_now(session, stored, manifest, inputs, replayed=held.row.kind == "replay", **run)

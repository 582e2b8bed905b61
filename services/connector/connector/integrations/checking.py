"""The check before launch: a real page of the source, and what the mapper would make of it. Nothing is stored."""

from uuid import UUID

from connector.integrations.access import require_within_reach
from connector.integrations.gaps import incomplete, own_gaps
from connector.integrations.integrations import stored_integration
from connector.integrations.previewing import MOST, preview
from connector.integrations.provenance import provenance_now
from connector.integrations.states import require_kept
from connector.scope import Parts
from connector.variables.inputs import inputs_of
from shared.api.checks import CheckIn, CheckOut, Finding
from shared.api.integrations import PreviewRecord
from shared.events.sources import Provenance
from shared.ids import new_id


async def check(parts: Parts, integration_id: UUID, *, actor: str) -> CheckOut:
    """Return what would become of the first page, and what speaks against launching.

    Raises `IntegrationIncomplete` while a detail is missing, `WrongState`, `ReadByAgent`, and whatever the source or the mapper raises.
    """
    provenance = await _provenance(parts, integration_id)
    looked = await preview(parts, integration_id, most=MOST)
    good = [one for one in looked.records if one.problem is None]
    refused = [one for one in looked.records if one.problem is not None]
    given = CheckIn(provenance=provenance, source_ids=[one.source_id for one in good], records=[one.record for one in good])
    found = await parts.mapper.check_page(given, actor=actor)
    findings = [*found.findings, *_of_unreadable(refused)]
    return found.model_copy(update={"findings": findings, "notes": looked.notes})


def _of_unreadable(refused: list[PreviewRecord]) -> list[Finding]:
    if not refused:
        return []
    message = f"{len(refused)} records cannot be taken as the source gives them: {refused[0].problem}"
    remedy = "Each becomes an error of the run; mend them at the source."
    return [Finding(severity="warns", code="unreadable_records", field="source", message=message, remedy=remedy, records=len(refused))]


async def _provenance(parts: Parts, integration_id: UUID) -> Provenance:
    async with parts.database.reading() as session:
        stored = await stored_integration(session, integration_id)
        require_kept(stored.row)
        require_within_reach(stored.row)
        manifest = parts.providers.get(stored.row.provider).manifest
        gaps = own_gaps(stored, manifest)
        if gaps:
            raise incomplete(stored.row.name, gaps)
        inputs = await inputs_of(session, integration_id)
        return await provenance_now(session, stored, manifest, inputs, run_id=new_id(), initial=True, mode="plan")

"""Changing an integration: what it refers to must exist, and an active one stays complete."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from connector.credentials.credentials import CredentialNotFound, stored_credential
from connector.integrations.gaps import incomplete, own_gaps
from connector.integrations.integrations import change_details, replace_inputs, stored_integration
from connector.integrations.states import require_kept
from connector.quarantine.quarantine import try_soon
from connector.runs.runs import require_idle
from connector.scope import Parts
from shared.api.forecasts import ForecastNeededIn
from shared.api.integrations import IntegrationPatch
from shared.api.sources import ProviderOut
from shared.errors import Conflict, Invalid
from shared.unit import Unit

NEVER_NULL = ("name", "installation", "preference")
OF_RECORDS = ("preference", "user_selection")
"""Details that decide what becomes of records."""
OF_LOCAL = ("agent", "local_credential")


async def edit_integration(parts: Parts, integration_id: UUID, patch: IntegrationPatch, *, actor: str) -> None:
    """Apply a patch. Raises `Invalid` and `Conflict`, naming the field, and `WrongState` when it is archived; then nothing has changed."""
    changes = patch.model_dump(exclude_unset=True, exclude={"inputs", "forecast"})
    for field in NEVER_NULL:
        if changes.get(field, "") is None:
            raise _invalid(field, "cannot be emptied", "Leave it out, or give a value.")
    if "inputs" in patch.model_fields_set and patch.inputs is None:
        raise _invalid("inputs", "cannot be null", "Send {} to remove all inputs.")
    async with parts.database.reading() as session:
        stored = await stored_integration(session, integration_id)
    manifest = parts.providers.get(stored.row.provider).manifest
    await _settle_saas_instance(parts, {**stored.row._asdict(), **changes}, changes, manifest, actor)
    await _require_forecast(parts, stored.row, changes, patch.forecast, actor)
    async with parts.units.begin(actor=actor) as unit:
        await _write(unit, integration_id, patch, changes, manifest)


async def _require_forecast(parts: Parts, row: Row[Any], changes: dict[str, Any], forecast: UUID | None, actor: str) -> None:
    """Raise `Conflict` where the records of a launched integration would change, and nobody has looked at how many."""
    other = {name: value for name in OF_RECORDS if (value := changes.get(name)) is not None and value != getattr(row, name)}
    if row.state in ("draft", "archived") or not other:
        return
    instance = {"saas_instance_id": changes["saas_instance_id"]} if changes.get("saas_instance_id") else {}
    await parts.mapper.require_forecast(row.id, ForecastNeededIn(**other, **instance, forecast=forecast), actor=actor)


async def _write(unit: Unit, integration_id: UUID, patch: IntegrationPatch, changes: dict[str, Any], manifest: ProviderOut) -> None:
    session = unit.session
    stored = await stored_integration(session, integration_id, locked=True)
    require_kept(stored.row)
    if manifest.uploads:
        _refuse_signing_in(changes, manifest)
    changes |= _of_the_other_installation(stored.row, changes)
    if any(changes.get(field, getattr(stored.row, field)) != getattr(stored.row, field) for field in ("installation", "agent")):
        # Whoever reads the source now must end first.
        await require_idle(session, stored)
    if changes.get("credential_id") is not None:
        await _require_credential(session, changes["credential_id"], manifest, unit.parts.providers.accepted_by(manifest))
    await change_details(session, stored, changes)
    if patch.inputs is not None:
        await replace_inputs(session, integration_id, patch.inputs, manifest)
    await try_soon(session, integration_id)
    if stored.row.state != "draft":
        gaps = own_gaps(await stored_integration(session, integration_id), manifest)
        if gaps:
            raise incomplete(stored.row.name, gaps)


def _refuse_signing_in(changes: Mapping[str, Any], manifest: ProviderOut) -> None:
    """Raise `Invalid` for what only a source needs that is signed in to, or that an agent reaches."""
    for field in ("credential_id", *OF_LOCAL):
        if changes.get(field) is not None:
            raise _invalid(field, f"is of no use to {manifest.key}: nothing signs in to an uploaded file", "Leave it out.")
    if changes.get("installation") == "local":
        raise _invalid("installation", "cannot be local: no agent has the uploaded file", "Leave it cloud.")


def _of_the_other_installation(row: Row[Any], changes: Mapping[str, Any]) -> dict[str, None]:
    """Return what an integration loses by its installation. Raises `Invalid` for what the installation has no use for."""
    is_local = changes.get("installation", row.installation) == "local"
    idle = ("credential_id",) if is_local else OF_LOCAL
    for field in idle:
        if changes.get(field) is not None:
            why = (
                "is of no use to a local installation: its credential stays with the agent"
                if is_local
                else "is for local installations only"
            )
            remedy = "Leave it out, and give local_credential." if is_local else "Leave it out, or set installation to local."
            raise _invalid(field, why, remedy)
    return dict.fromkeys(idle)


async def _settle_saas_instance(parts: Parts, future: dict[str, Any], changes: dict[str, Any], manifest: ProviderOut, actor: str) -> None:
    """Check the SaaS instance that was named; find the application's own one when none was and one is needed."""
    if changes.get("saas_instance_id") is not None:
        known = {instance.id for instance in await parts.mapper.saas_instances(actor=actor)}
        if changes["saas_instance_id"] not in known:
            raise _invalid("saas_instance_id", "names no SaaS instance", "Choose one of those under Software > SaaS, or leave it out.")
    elif future["user_selection"] == "user_plus_saas_user" and future["saas_instance_id"] is None and not manifest.uploads:
        try:
            changes["saas_instance_id"] = (await parts.mapper.saas_instance_of(manifest.application, actor=actor)).id
        except Conflict:
            return  # Several: nobody but the operator can choose; it stays a gap that says so.


async def _require_credential(session: AsyncSession, credential_id: UUID, manifest: ProviderOut, accepted: frozenset[str]) -> None:
    try:
        credential = await stored_credential(session, credential_id)
    except CredentialNotFound:
        raise _invalid("credential_id", "names no credential", "Store the credential first.") from None
    if credential.provider not in accepted or credential.kind not in manifest.credential_kinds:
        raise _invalid("credential_id", f"is a credential for {credential.provider}", f"Choose one for {manifest.key}.")


def _invalid(field: str, message: str, remedy: str) -> Invalid:
    return Invalid(f"{field} {message}", remedy=remedy, fields=[{"field": field, "message": message, "remedy": remedy}])

"""What an integration still lacks before it can be launched, as data."""

from collections.abc import Sequence

from connector.integrations.integrations import Stored
from connector.scope import Parts
from connector.variables.inputs import input_gaps
from shared.api.base import Gap
from shared.api.sources import ProviderOut
from shared.errors import AppError, Conflict


class IntegrationIncomplete(Conflict):
    """The integration lacks what `fields` lists."""

    code, title = "integration_incomplete", "The integration is not complete"


def incomplete(name: str, gaps: Sequence[Gap]) -> IntegrationIncomplete:
    """Return the error that lists every gap."""
    words = "; ".join(gap.message for gap in gaps)
    return IntegrationIncomplete(
        f"{name!r} is not complete: {words}", remedy=gaps[0].remedy, fields=[gap.model_dump(mode="json") for gap in gaps]
    )


def own_gaps(stored: Stored, manifest: ProviderOut) -> list[Gap]:
    """Return what is missing in the integration's own details."""
    return [*_of_users(stored, manifest), *_of_everybody(stored), *source_gaps(stored, manifest)]


def source_gaps(stored: Stored, manifest: ProviderOut) -> list[Gap]:
    """Return what is missing to speak to the source at all."""
    own = _of_file(stored) if manifest.uploads else _of_local(stored) if stored.row.installation == "local" else _of_cloud(stored)
    return own + input_gaps(manifest, stored.inputs)


def _of_file(stored: Stored) -> list[Gap]:
    if stored.file_id is not None:
        return []
    return [_gap("file", "no file is there to be read", "Upload one with POST /integrations/{integration_id}/files, or `rollcall import`.")]


def _of_cloud(stored: Stored) -> list[Gap]:
    if stored.row.credential_id is not None:
        return []
    return [_gap("credential_id", "no credential is chosen", "Store a credential and choose it.")]


def _of_local(stored: Stored) -> list[Gap]:
    gaps = []
    if stored.row.agent is None:
        gaps.append(_gap("agent", "no agent is named that reads the source", "Make an account with the role agent, and name it here."))
    if stored.row.local_credential is None:
        remedy = "Name it as the agent's own file calls it."
        gaps.append(_gap("local_credential", "which of the agent's credentials signs in is not said", remedy))
    return gaps


def _of_everybody(stored: Stored) -> list[Gap]:
    if stored.row.integration_user:
        return []
    return [_gap("integration_user", "no integration user is named", "Name the account in whose name records change.")]


def _of_users(stored: Stored, manifest: ProviderOut) -> list[Gap]:
    row = stored.row
    gaps: list[Gap] = []
    if manifest.object_type != "user":
        return gaps
    if row.user_selection is None:
        gaps.append(_gap("user_selection", "what to make of users is not chosen", "Choose user_only or user_plus_saas_user."))
    if row.user_selection == "user_plus_saas_user" and row.saas_instance_id is None:
        gaps.append(
            _gap(
                "saas_instance_id",
                "no SaaS instance is chosen" if manifest.uploads else f"there is no single SaaS instance of {manifest.application}",
                "Choose one of the instances under Software > SaaS.",
            )
        )
    return gaps


async def mapping_gaps(parts: Parts, stored: Stored, *, actor: str) -> list[Gap]:
    """Return what the mapping lacks; a gap that says so when the mapper does not answer."""
    describes = parts.providers.get(stored.row.provider).manifest.object_type
    try:
        return await parts.mapper.missing_in_mapping(stored.row.id, describes, actor=actor)
    except AppError as error:
        return [_gap("mapping", f"the mapping cannot be looked at: {error.message}", error.remedy or "Try again.")]


async def all_gaps(parts: Parts, stored: Stored, *, actor: str) -> list[Gap]:
    """Return everything that is missing."""
    manifest = parts.providers.get(stored.row.provider).manifest
    return own_gaps(stored, manifest) + await mapping_gaps(parts, stored, actor=actor)


def _gap(field: str, message: str, remedy: str) -> Gap:
    return Gap(field=field, message=message, remedy=remedy)

"""Integrations and their mappings."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api_gateway.api.v1.routing import subject
from api_gateway.auth.access import STORES_CREDENTIALS, RoleNeeded, reaches
from api_gateway.auth.accounts import named_account
from api_gateway.auth.authentication import Account
from api_gateway.auth.shapes import AccountOut
from api_gateway.samples import NO_SAMPLES, sampled
from api_gateway.scope import InAccount, InParts, Parts
from shared.api.checks import CheckOut
from shared.api.integrations import CopyIn, IntegrationIn, IntegrationOut, IntegrationPatch, PreviewOut
from shared.api.mappings import MADE_OF, MappingIn, MappingOut, ReadinessOut
from shared.api.sources import ProviderOut, SourceField
from shared.api.suggestions import SuggestionsIn, SuggestionsOut
from shared.errors import Invalid
from shared.events.records import RecordType
from shared.http.paging import Page

Archived = Annotated[bool, Query(description="Those that are archived, in place of all the others.")]
Samples = Annotated[
    bool, Query(description="Whether the source is asked for its first records, so that values are looked at as well as names.")
]

integrations: APIRouter = subject("/integrations", "integrations")


@integrations.post("", status_code=201)
async def add(given: IntegrationIn, parts: InParts, account: InAccount) -> IntegrationOut:
    """Store a new integration, as a draft."""
    return await parts.connector.add_integration(given, actor=account.name)


@integrations.get("")
async def list_all(parts: InParts, account: InAccount, *, archived: Archived = False) -> Page[IntegrationOut]:
    """Return the integrations, by name."""
    return await parts.connector.integrations(archived=archived, actor=account.name)


@integrations.get("/{integration_id}")
async def read(integration_id: UUID, parts: InParts, account: InAccount) -> IntegrationOut:
    """Return one integration, and what is still missing before it can be launched."""
    return await parts.connector.integration(integration_id, actor=account.name)


@integrations.patch("/{integration_id}")
async def change(integration_id: UUID, given: IntegrationPatch, parts: InParts, account: InAccount) -> IntegrationOut:
    """Change what is given. The integration user must be the name of an account, the agent that of one with the role agent.

    Inputs and credential of a provider with `typed_addresses`, such as rest-users, need the role admin.
    """
    if given.integration_user is not None:
        # As the account spells it: records name it for ever.
        given = given.model_copy(
            update={"integration_user": (await _known_account(parts, "integration_user", given.integration_user)).name}
        )
    if given.agent is not None:
        given = given.model_copy(update={"agent": await _known_agent(parts, given.agent)})
    if {"inputs", "credential_id", "agent", "local_credential"} & given.model_fields_set:
        await _may_aim_the_credential(integration_id, parts, account)
    return await parts.connector.change_integration(integration_id, given, actor=account.name)


@integrations.post("/{integration_id}/launch")
async def launch(integration_id: UUID, parts: InParts, account: InAccount) -> IntegrationOut:
    """Make a complete draft active, once a real page of its source has been looked at: `warnings` says what will hurt.

    Refused with `launch_refused` when no record of the page could be let in; POST …/check shows the same without launching.
    """
    return await parts.connector.move_integration(integration_id, "launch", actor=account.name)


@integrations.post("/{integration_id}/preview")
async def preview(integration_id: UUID, parts: InParts, account: InAccount) -> PreviewOut:
    """Return the first records as the source gives them, at most ten; nothing is stored."""
    return await parts.connector.preview(integration_id, actor=account.name)


@integrations.post("/{integration_id}/check")
async def check(integration_id: UUID, parts: InParts, account: InAccount) -> CheckOut:
    """Ask the source for a real page, and return what would become of it and what speaks against launching; nothing is stored.

    For the whole source, ask for a run with mode plan, which a complete draft may have too, then GET /runs/{run_id}/plan/check.
    """
    return await parts.connector.check_integration(integration_id, actor=account.name)


@integrations.post("/{integration_id}/pause")
async def pause(integration_id: UUID, parts: InParts, account: InAccount) -> IntegrationOut:
    """Keep an active integration from running."""
    return await parts.connector.move_integration(integration_id, "pause", actor=account.name)


@integrations.post("/{integration_id}/resume")
async def resume(integration_id: UUID, parts: InParts, account: InAccount) -> IntegrationOut:
    """Let a paused integration run again."""
    return await parts.connector.move_integration(integration_id, "resume", actor=account.name)


@integrations.post("/{integration_id}/release")
async def release(integration_id: UUID, parts: InParts, account: InAccount) -> IntegrationOut:
    """End an integration's quarantine: it runs by its schedules again."""
    return await parts.connector.move_integration(integration_id, "release", actor=account.name)


@integrations.post("/{integration_id}/archive")
async def archive(integration_id: UUID, parts: InParts, account: InAccount) -> IntegrationOut:
    """Put an integration aside: it neither runs nor changes, and keeps its schedules and runs. Refused while a run has not ended."""
    return await parts.connector.move_integration(integration_id, "archive", actor=account.name)


@integrations.post("/{integration_id}/restore")
async def restore(integration_id: UUID, parts: InParts, account: InAccount) -> IntegrationOut:
    """Make an archived integration a draft, to be looked at and launched again."""
    return await parts.connector.move_integration(integration_id, "restore", actor=account.name)


@integrations.post("/{integration_id}/copy", status_code=201)
async def copy(integration_id: UUID, given: CopyIn, parts: InParts, account: InAccount) -> IntegrationOut:
    """Store a copy as a draft: details, inputs, schedules and mapping; no runs."""
    return await parts.connector.copy_integration(integration_id, given, actor=account.name)


@integrations.delete("/{integration_id}", status_code=204)
async def remove(integration_id: UUID, parts: InParts, account: InAccount) -> None:
    """Delete an archived integration, or a draft that never ran, with its mapping, schedules and runs. Its records stay."""
    await parts.connector.remove_integration(integration_id, actor=account.name)


@integrations.get("/{integration_id}/mapping")
async def read_mapping(integration_id: UUID, parts: InParts, account: InAccount) -> MappingOut:
    """Return the newest version of the mapping."""
    return await parts.mapper.mapping(integration_id, actor=account.name)


@integrations.put("/{integration_id}/mapping")
async def store_mapping(integration_id: UUID, given: MappingIn, parts: InParts, account: InAccount) -> MappingOut:
    """Store a new version of the mapping: runs that begin from now on have it. Only a draft's may lack what every record needs."""
    integration = await parts.connector.integration(integration_id, actor=account.name)
    made = MADE_OF[(await parts.connector.provider(integration.provider, actor=account.name)).object_type]
    if given.object_type != made:
        fields = [{"field": "object_type", "message": f"must be {made} for this integration"}]
        raise Invalid(f"what the source describes becomes records of type {made}", remedy=f"Set object_type to {made}.", fields=fields)
    return await parts.mapper.store_mapping(integration_id, given, complete=integration.state != "draft", actor=account.name)


@integrations.get("/{integration_id}/mapping/readiness")
async def read_readiness(integration_id: UUID, parts: InParts, account: InAccount) -> ReadinessOut:
    """Return what the mapping lacks before the integration can be launched."""
    provider = await _provider_of(integration_id, parts, account)
    return await parts.mapper.readiness(integration_id, provider.object_type, actor=account.name)


@integrations.post("/{integration_id}/mapping/suggestions")
async def suggest_mapping(
    integration_id: UUID, parts: InParts, account: InAccount, *, object_type: RecordType | None = None, samples: Samples = True
) -> SuggestionsOut:
    """Suggest a mapping from what the integration's source has, with how sure that is and why; nothing is stored.

    What is mapped already is left alone. Without records to look at, names and types alone are; `samples_problem` says why.
    """
    provider = await _provider_of(integration_id, parts, account)
    mapping = await parts.mapper.mapping(integration_id, actor=account.name)
    custom = [SourceField(key=field.label, label=field.label, path=field.path, data_type="text") for field in mapping.api_fields]
    seen = await sampled(parts.connector, integration_id, actor=account.name) if samples else NO_SAMPLES
    asked = SuggestionsIn(
        source_fields=[*provider.source_fields, *custom],
        input_keys=[field.key for field in provider.inputs],
        object_type=object_type or MADE_OF[provider.object_type],
        describes=provider.object_type,
        application=provider.application,
        samples=seen.records,
    )
    suggested = await parts.mapper.suggestions(integration_id, asked, actor=account.name)
    return suggested.model_copy(update={"samples_problem": seen.problem})


async def _may_aim_the_credential(integration_id: UUID, parts: Parts, account: Account) -> None:
    """Raise `RoleNeeded` when the integration's inputs decide where its credential is sent, and the account may not store credentials.

    Whoever could aim a credential at a host of their own would have its secret.
    """
    provider = await _provider_of(integration_id, parts, account)
    if provider.typed_addresses and not reaches(account.role, STORES_CREDENTIALS):
        raise RoleNeeded(f"saying where {provider.key} sends a credential", STORES_CREDENTIALS, account.role)


async def _known_account(parts: Parts, field: str, name: str) -> AccountOut:
    async with parts.database.reading() as session:
        found = await named_account(session, name)
    if found is None:
        remedy = "Name an account that GET /api/v1/accounts lists, or have an admin add one with POST /api/v1/accounts."
        problem = {"field": field, "message": "names no account", "remedy": remedy}
        raise Invalid(f"{field}: there is no account {name!r}", code="unknown_account", remedy=remedy, fields=[problem])
    return found


async def _known_agent(parts: Parts, name: str) -> str:
    found = await _known_account(parts, "agent", name)
    if found.role != "agent":
        remedy = "Have an admin add an account with the role agent: only such a one is given runs."
        problem = {"field": "agent", "message": "names no agent", "remedy": remedy}
        raise Invalid(f"agent: the account {found.name!r} is {found.role}", code="account_not_agent", remedy=remedy, fields=[problem])
    return found.name


async def _provider_of(integration_id: UUID, parts: Parts, account: Account) -> ProviderOut:
    integration = await parts.connector.integration(integration_id, actor=account.name)
    return await parts.connector.provider(integration.provider, actor=account.name)

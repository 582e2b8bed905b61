"""Providers, credentials and global variables: what the connector knows about sources."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api_gateway.api.v1.routing import subject
from api_gateway.scope import InAccount, InParts
from shared.api.credentials import CredentialIn, CredentialOut, CredentialPatch, CredentialTestIn, CredentialTestOut, SecretIn
from shared.api.sources import ProviderOut
from shared.api.variables import VariableIn, VariableOut, VariableValueIn
from shared.http.paging import Page

Search = Annotated[str | None, Query(max_length=200)]

providers: APIRouter = subject("/providers", "providers")
credentials: APIRouter = subject("/credentials", "credentials")
variables: APIRouter = subject("/global-variables", "global variables")


@providers.get("")
async def list_providers(parts: InParts, account: InAccount, search: Search = None) -> Page[ProviderOut]:
    """Return the kinds of source, by name; with `search`, those in which every word of it is found."""
    return await parts.connector.providers(search=search, actor=account.name)


@providers.get("/{key}")
async def read_provider(key: str, parts: InParts, account: InAccount) -> ProviderOut:
    """Return one kind of source."""
    return await parts.connector.provider(key, actor=account.name)


@credentials.post("", status_code=201)
async def add_credential(given: CredentialIn, parts: InParts, account: InAccount) -> CredentialOut:
    """Store a credential; its secret is never shown again."""
    return await parts.connector.add_credential(given, actor=account.name)


@credentials.get("")
async def list_credentials(parts: InParts, account: InAccount) -> Page[CredentialOut]:
    """Return every credential, without secrets."""
    return await parts.connector.credentials(actor=account.name)


@credentials.get("/{credential_id}")
async def read_credential(credential_id: UUID, parts: InParts, account: InAccount) -> CredentialOut:
    """Return one credential, without its secret."""
    return await parts.connector.credential(credential_id, actor=account.name)


@credentials.patch("/{credential_id}")
async def change_credential(credential_id: UUID, given: CredentialPatch, parts: InParts, account: InAccount) -> CredentialOut:
    """Change a credential's name, or when it expires."""
    return await parts.connector.change_credential(credential_id, given, actor=account.name)


@credentials.put("/{credential_id}/secret")
async def renew_secret(credential_id: UUID, given: SecretIn, parts: InParts, account: InAccount) -> CredentialOut:
    """Give a credential new secrets in place of its old ones; its id stays."""
    return await parts.connector.renew_secret(credential_id, given, actor=account.name)


@credentials.delete("/{credential_id}", status_code=204)
async def remove_credential(credential_id: UUID, parts: InParts, account: InAccount) -> None:
    """Delete a credential that nothing uses."""
    await parts.connector.remove_credential(credential_id, actor=account.name)


@credentials.post("/{credential_id}/test")
async def try_credential(
    credential_id: UUID, parts: InParts, account: InAccount, given: CredentialTestIn | None = None
) -> CredentialTestOut:
    """Sign in with the credential and say what works."""
    return await parts.connector.test_credential(credential_id, given, actor=account.name)


@variables.post("", status_code=201)
async def add_variable(given: VariableIn, parts: InParts, account: InAccount) -> VariableOut:
    """Store a global variable."""
    return await parts.connector.add_variable(given, actor=account.name)


@variables.get("")
async def list_variables(parts: InParts, account: InAccount) -> Page[VariableOut]:
    """Return every global variable, and who uses it."""
    return await parts.connector.variables(actor=account.name)


@variables.put("/{variable_id}")
async def change_variable(variable_id: UUID, given: VariableValueIn, parts: InParts, account: InAccount) -> VariableOut:
    """Give a global variable another value."""
    return await parts.connector.change_variable(variable_id, given, actor=account.name)


@variables.delete("/{variable_id}", status_code=204)
async def remove_variable(variable_id: UUID, parts: InParts, account: InAccount) -> None:
    """Delete a global variable that nothing uses."""
    await parts.connector.remove_variable(variable_id, actor=account.name)

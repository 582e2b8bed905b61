"""Routes of the credentials."""

from uuid import UUID

from fastapi import APIRouter

from connector.credentials.changing import change_credential, renew_secret
from connector.credentials.credentials import add_credential, list_credentials, read_credential
from connector.credentials.deleting import delete_credential
from connector.credentials.testing import try_credential
from connector.scope import InCaller, InParts, InReading, InRequest
from shared.api.credentials import CredentialIn, CredentialOut, CredentialPatch, CredentialTestIn, CredentialTestOut, SecretIn
from shared.http.paging import Page

router = APIRouter(prefix="/credentials", tags=["credentials"])


@router.post("", status_code=201)
async def add(given: CredentialIn, unit: InRequest, parts: InParts) -> CredentialOut:
    """Store a credential; its secret is never shown again."""
    return await add_credential(unit.session, given, parts.providers.get(given.provider).manifest, parts.vault)


@router.get("")
async def list_all(session: InReading) -> Page[CredentialOut]:
    """Return every credential, without secrets."""
    return Page(items=await list_credentials(session))


@router.get("/{credential_id}")
async def read(credential_id: UUID, session: InReading) -> CredentialOut:
    """Return one credential, without its secret."""
    return await read_credential(session, credential_id)


@router.patch("/{credential_id}")
async def change(credential_id: UUID, patch: CredentialPatch, unit: InRequest) -> CredentialOut:
    """Change a credential's name, or when it expires."""
    return await change_credential(unit.session, credential_id, patch)


@router.put("/{credential_id}/secret")
async def renew(credential_id: UUID, given: SecretIn, unit: InRequest, parts: InParts) -> CredentialOut:
    """Give a credential new secrets; what is kept about the old ones in memory is dropped."""
    renewed = await renew_secret(unit.session, credential_id, given, parts.vault)
    parts.providers.forget(credential_id)
    return renewed


@router.delete("/{credential_id}", status_code=204)
async def remove(credential_id: UUID, parts: InParts, caller: InCaller) -> None:
    """Delete a credential that nothing uses."""
    await delete_credential(parts, credential_id, actor=caller.actor)


@router.post("/{credential_id}/test")
async def try_out(credential_id: UUID, parts: InParts, caller: InCaller, given: CredentialTestIn | None = None) -> CredentialTestOut:
    """Sign in with the credential and say what works."""
    return await try_credential(parts, credential_id, given.inputs if given else None, actor=caller.actor)

"""Deleting a credential: only one that no integration and no active workflow needs."""

from uuid import UUID

from connector.credentials.credentials import CredentialInUse, integrations_with, read_credential, remove_credential
from connector.scope import Parts
from shared.errors import AppError, Upstream


class CredentialUsersUnknown(Upstream):
    """Nobody can say whether workflows need the credential."""

    code, title = "credential_users_unknown", "Whether it is used is not known"


async def delete_credential(parts: Parts, credential_id: UUID, *, actor: str) -> None:
    """Delete a credential. Raises `CredentialNotFound`, `CredentialInUse` naming who needs it, `CredentialUsersUnknown`."""
    async with parts.database.reading() as session:
        name = (await read_credential(session, credential_id)).name
    try:
        workflows = (await parts.workflow_engine.credential_users(actor=actor)).get(credential_id, [])
    except AppError as error:
        remedy = "Try again once the workflow engine answers."
        raise CredentialUsersUnknown(f"whether workflows use {name!r} is not known: {error.message}", remedy=remedy) from error
    async with parts.units.begin(actor=actor) as unit:
        integrations = await integrations_with(unit.session, credential_id)
        if integrations or workflows:
            raise CredentialInUse(name, integrations=integrations, workflows=workflows)
        await remove_credential(unit.session, credential_id)
    parts.providers.forget(credential_id)

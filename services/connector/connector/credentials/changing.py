"""Changing a stored credential: new secrets in place of the old ones, another name, another end."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from connector.credentials.credentials import PUBLIC, contents_of, name_taken, read_credential, shown, there
from connector.credentials.kinds import ending, read_certificate, renewed
from connector.names import name_key
from connector.quarantine.quarantine import try_soon_with
from connector.secrets.vault import Vault
from connector.storable import checked
from connector.tables import CREDENTIALS
from shared.api.credentials import CredentialOut, CredentialPatch, SecretIn
from shared.clock import now


async def renew_secret(session: AsyncSession, credential_id: UUID, given: SecretIn, vault: Vault) -> CredentialOut:
    """Put new secrets in place of a credential's old ones. Raises `CredentialNotFound`, and `Invalid`, naming the fields."""
    statement = select(CREDENTIALS).where(CREDENTIALS.c.id == credential_id).with_for_update()
    row = there((await session.execute(statement)).first(), credential_id)
    whole = renewed(row.kind, {"name": row.name, "provider": row.provider}, row.fields, given)
    values = {**contents_of(whole, credential_id, vault), "changed_at": now(), "last_tested_at": None, "last_test_ok": None}
    written = await session.execute(update(CREDENTIALS).where(CREDENTIALS.c.id == credential_id).values(**values).returning(*PUBLIC))
    await try_soon_with(session, credential_id)
    return shown(written.one())


async def change_credential(session: AsyncSession, credential_id: UUID, patch: CredentialPatch) -> CredentialOut:
    """Change what is given. Raises `CredentialNotFound`, `Conflict` when the name is taken, `Invalid`."""
    values: dict[str, Any] = {}
    if "expires_at" in patch.model_fields_set:
        values |= {"expires_at": await _end(session, credential_id, patch.expires_at), "warned_days": None}
    if patch.name is not None:
        values |= {"name": checked("name", patch.name), "name_key": name_key(patch.name)}
        await _require_free_name(session, patch.name, credential_id)
    statement = update(CREDENTIALS).where(CREDENTIALS.c.id == credential_id)
    row = (await session.execute(statement.values(**values).returning(*PUBLIC))).first() if values else None
    return shown(there(row, credential_id)) if values else await read_credential(session, credential_id)


async def _end(session: AsyncSession, credential_id: UUID, said: datetime | None) -> datetime | None:
    """Return when it ends from now on; a certificate's own end cannot be talked away."""
    row = there((await session.execute(select(CREDENTIALS.c.fields).where(CREDENTIALS.c.id == credential_id))).first(), credential_id)
    certificate = row.fields.get("certificate")
    return ending(said, None if certificate is None else read_certificate(certificate))


async def _require_free_name(session: AsyncSession, name: str, mine: UUID) -> None:
    taken = select(CREDENTIALS.c.id).where(CREDENTIALS.c.name_key == name_key(name), CREDENTIALS.c.id != mine)
    if await session.scalar(taken) is not None:
        raise name_taken(name)

"""Credentials as stored: the secret goes in sealed and never comes out of the API."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from connector.credentials.expiry import warning_of
from connector.credentials.kinds import apart, check_whole, expiry_of
from connector.names import name_key
from connector.secrets.vault import Sealed, Vault
from connector.sources.base import Access, Input
from connector.storable import checked
from connector.tables import CREDENTIALS, INTEGRATIONS
from shared.api.credentials import CredentialIn, CredentialOut
from shared.api.sources import ProviderOut
from shared.clock import now
from shared.db.upsert import insert_for
from shared.errors import Conflict, Invalid, NotFound
from shared.ids import new_id


class CredentialNotFound(NotFound):
    """No credential has this id."""

    code = "credential_not_found"
    of_credential = True


class CredentialInUse(Conflict):
    """Integrations or active workflows still need the credential."""

    code = "credential_in_use"

    def __init__(self, name: str, *, integrations: list[str], workflows: list[str]) -> None:
        users = [f"the integration {user!r}" for user in integrations] + [f"the workflow {user!r}" for user in workflows]
        super().__init__(
            f"{name!r} is used by {', '.join(users)}",
            remedy="Give these another credential first.",
            used_by=integrations,
            used_by_workflows=workflows,
        )


@dataclass(frozen=True, slots=True)
class StoredCredential:
    """A credential with its sealed secrets."""

    id: UUID
    name: str
    kind: str
    provider: str
    fields: dict[str, str]
    sealed: Sealed

    def access(self, vault: Vault, inputs: tuple[Input, ...] = ()) -> Access:
        """Open the secrets. Raises `SecretUnreadable`."""
        return Access(self.id, self.name, self.kind, self.fields, vault.open(self.sealed, about=self.id), inputs)


async def add_credential(session: AsyncSession, given: CredentialIn, manifest: ProviderOut, vault: Vault) -> CredentialOut:
    """Store a credential. Raises `Conflict` when its name is taken, `Invalid` when it is wrong or the provider does not take it."""
    if given.kind not in manifest.credential_kinds:
        problem = {"field": "kind", "message": f"{manifest.key} does not take {given.kind}"}
        raise Invalid(problem["message"], remedy=f"Use one of: {', '.join(manifest.credential_kinds)}.", fields=[problem])
    credential_id, name, moment = new_id(), checked("name", given.name), now()
    values: dict[str, Any] = {
        "id": credential_id,
        "name": name,
        "name_key": name_key(name),
        "kind": given.kind,
        "provider": manifest.key,
        "created_at": moment,
        "changed_at": moment,
        **contents_of(given, credential_id, vault),
    }
    statement = insert_for(session, CREDENTIALS).values(**values).on_conflict_do_nothing(index_elements=["name_key"])
    row = (await session.execute(statement.returning(*PUBLIC))).first()
    if row is None:
        raise name_taken(name)
    return shown(row)


async def list_credentials(session: AsyncSession) -> list[CredentialOut]:
    """Return every credential, by name."""
    rows = await session.execute(select(*PUBLIC).order_by(CREDENTIALS.c.name_key))
    return [shown(row) for row in rows]


async def read_credential(session: AsyncSession, credential_id: UUID) -> CredentialOut:
    """Return a credential without its secret. Raises `CredentialNotFound`."""
    row = (await session.execute(select(*PUBLIC).where(CREDENTIALS.c.id == credential_id))).first()
    return shown(there(row, credential_id))


async def stored_credential(session: AsyncSession, credential_id: UUID) -> StoredCredential:
    """Return a credential with its sealed secrets. Raises `CredentialNotFound`."""
    row = there((await session.execute(select(CREDENTIALS).where(CREDENTIALS.c.id == credential_id))).first(), credential_id)
    return StoredCredential(row.id, row.name, row.kind, row.provider, row.fields, Sealed(row.key_id, row.secret, row.data_key))


async def integrations_with(session: AsyncSession, credential_id: UUID) -> list[str]:
    """Return the names of the integrations that need a credential."""
    needing = select(INTEGRATIONS.c.name).where(INTEGRATIONS.c.credential_id == credential_id)
    return list(await session.scalars(needing.order_by(INTEGRATIONS.c.name)))


async def remove_credential(session: AsyncSession, credential_id: UUID) -> None:
    """Delete a credential that nothing needs. Raises `CredentialNotFound`."""
    gone = await session.execute(delete(CREDENTIALS).where(CREDENTIALS.c.id == credential_id).returning(CREDENTIALS.c.id))
    there(gone.first(), credential_id)


async def note_test(session: AsyncSession, credential_id: UUID, *, at: datetime, ok: bool) -> None:
    """Remember how the last test went."""
    await session.execute(update(CREDENTIALS).where(CREDENTIALS.c.id == credential_id).values(last_tested_at=at, last_test_ok=ok))


PUBLIC = [column for column in CREDENTIALS.c if column.name not in {"secret", "data_key", "key_id", "name_key"}]


def contents_of(given: CredentialIn, credential_id: UUID, vault: Vault) -> dict[str, Any]:
    """Return the columns that hold what was given. Raises `Invalid`."""
    check_whole(given)
    fields, secrets = apart(given)
    sealed = vault.seal(secrets, about=credential_id)
    kept = {"secret": sealed.ciphertext, "data_key": sealed.data_key, "key_id": sealed.key_id}
    return {**kept, "fields": fields, "expires_at": expiry_of(given), "warned_days": None}


def shown(row: Row[Any]) -> CredentialOut:
    """Return a credential as the API shows it."""
    told = {"client_id": row.fields.get("client_id"), "warning": warning_of(row.expires_at, now())}
    return CredentialOut.model_validate({**row._asdict(), **told})


def there(row: Row[Any] | None, credential_id: UUID) -> Row[Any]:
    """Return the row. Raises `CredentialNotFound` when there is none."""
    if row is None:
        raise CredentialNotFound(f"there is no credential {credential_id}", remedy="List the credentials to see those there are.")
    return row


def name_taken(name: str) -> Conflict:
    """Return the error for a name that another credential has."""
    fields = [{"field": "name", "message": "is taken"}]
    return Conflict(f"there is a credential named {name!r} already", code="name_taken", remedy="Choose another name.", fields=fields)

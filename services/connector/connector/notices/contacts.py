"""Contacts as stored: the URL and the signing secret of a webhook go in sealed."""

import re
import secrets
from base64 import b64encode
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from connector.names import name_key
from connector.secrets.vault import Sealed, Vault
from connector.settings import ConnectorSettings
from connector.storable import checked
from connector.tables import CONTACT_SECRETS, CONTACTS, INTEGRATIONS
from shared.api.notices import ContactIn, ContactMade, ContactOut, ContactPatch
from shared.clock import now
from shared.db.upsert import insert_for
from shared.errors import Conflict, Invalid, NotFound
from shared.ids import new_id

EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
SECRET_BYTES = 32
SIGNING = "whsec_"
"""How Standard Webhooks write a secret: this, then base64."""


class ContactNotFound(NotFound):
    """No contact has this id."""

    code = "contact_not_found"


class MailNotSet(Conflict):
    """No mail server is set, so nobody can be told by e-mail."""

    code = "mail_not_set"


async def add_contact(session: AsyncSession, given: ContactIn, vault: Vault, settings: ConnectorSettings) -> ContactMade:
    """Store a contact. Raises `Invalid` naming the field, `Conflict` for a taken name, and `MailNotSet`."""
    await _require_known(session, given.integration_ids)
    contact_id, name = new_id(), checked("name", given.name)
    row: dict[str, Any] = {
        "id": contact_id,
        "name": name,
        "name_key": name_key(name),
        "channel": given.channel,
        "address": _mail_address(given.address, settings) if given.channel == "email" else _shown_url(given.address, settings),
        "kinds": given.kinds,
        "integration_ids": _as_text(given.integration_ids),
        "enabled": True,
        "created_at": now(),
    }
    adding = insert_for(session, CONTACTS).values(row).on_conflict_do_nothing(index_elements=["name_key"])
    stored = (await session.execute(adding.returning(CONTACTS))).first()
    if stored is None:
        raise _name_taken(name)
    signing = None
    if given.channel == "webhook":
        signing = SIGNING + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
        sealed = vault.seal({"url": SecretStr(given.address.strip()), "signing": SecretStr(signing)}, about=contact_id)
        kept = {"id": contact_id, "secret": sealed.ciphertext, "data_key": sealed.data_key, "key_id": sealed.key_id}
        await session.execute(insert(CONTACT_SECRETS).values(kept))
    return ContactMade.model_validate({**stored._asdict(), "signing_secret": signing})


async def list_contacts(session: AsyncSession) -> list[ContactOut]:
    """Return every contact, by name."""
    return [ContactOut.model_validate(row) for row in await session.execute(select(CONTACTS).order_by(CONTACTS.c.name_key))]


async def stored_contact(session: AsyncSession, contact_id: UUID) -> Row[Any]:
    """Return a contact. Raises `ContactNotFound`."""
    row = (await session.execute(select(CONTACTS).where(CONTACTS.c.id == contact_id))).first()
    if row is None:
        raise _not_there(contact_id)
    return row


async def change_contact(session: AsyncSession, contact_id: UUID, patch: ContactPatch) -> ContactOut:
    """Change what is given. Raises `ContactNotFound`, `Invalid`, and `Conflict` for a taken name."""
    values = patch.model_dump(exclude_unset=True)
    for field in ("name", "enabled"):
        if values.get(field, "") is None:
            raise _invalid(field, "cannot be emptied", "Leave it out, or give a value.")
    if "name" in values:
        values["name"] = checked("name", values["name"])
        values["name_key"] = name_key(values["name"])
        taken = select(CONTACTS.c.id).where(CONTACTS.c.name_key == values["name_key"], CONTACTS.c.id != contact_id)
        if await session.scalar(taken) is not None:
            raise _name_taken(values["name"])
    if "integration_ids" in values:
        await _require_known(session, values["integration_ids"])
        values["integration_ids"] = _as_text(values["integration_ids"])
    if values:
        await session.execute(update(CONTACTS).where(CONTACTS.c.id == contact_id).values(values))
    return ContactOut.model_validate(await stored_contact(session, contact_id))


async def remove_contact(session: AsyncSession, contact_id: UUID) -> None:
    """Delete a contact, and what it was to be told. Raises `ContactNotFound`."""
    gone = await session.execute(delete(CONTACTS).where(CONTACTS.c.id == contact_id).returning(CONTACTS.c.id))
    if gone.first() is None:
        raise _not_there(contact_id)


async def secrets_of(session: AsyncSession, contact_id: UUID, vault: Vault) -> dict[str, SecretStr]:
    """Return a webhook's `url` and `signing` secret. Raises `ContactNotFound`, `SecretUnreadable`."""
    row = (await session.execute(select(CONTACT_SECRETS).where(CONTACT_SECRETS.c.id == contact_id))).first()
    if row is None:
        raise _not_there(contact_id)
    return vault.open(Sealed(row.key_id, row.secret, row.data_key), about=contact_id)


def _mail_address(given: str, settings: ConnectorSettings) -> str:
    if settings.smtp_host is None:
        remedy = "Set ROLLCALL_CONNECTOR_SMTP_HOST and ROLLCALL_CONNECTOR_SMTP_FROM, and start the connector again."
        raise MailNotSet("nobody can be told by e-mail: no mail server is set", remedy=remedy)
    address = given.strip()
    if not EMAIL.fullmatch(address):
        raise _invalid("address", "is no e-mail address", "Give one address, such as ann@example.com, without a name beside it.")
    return address


def _shown_url(given: str, settings: ConnectorSettings) -> str:
    try:
        parts = urlsplit(given.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
        parts = urlsplit("")
    usual = "Give the whole URL, such as https://hooks.example.com/rollcall."
    if parts.scheme not in {"https", "http"} or not host:
        raise _invalid("address", "is no URL of a webhook", usual)
    if parts.scheme == "http" and not settings.private_networks:
        raise _invalid("address", "is plain http, which is taken in private networks only", "Use https.")
    if parts.username or parts.password:
        raise _invalid("address", "holds a user or a password", "Leave them out: messages are signed instead.")
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}/…"


async def _require_known(session: AsyncSession, ids: Sequence[UUID] | None) -> None:
    wanted = set(ids or ())
    if wanted - set(await session.scalars(select(INTEGRATIONS.c.id).where(INTEGRATIONS.c.id.in_(wanted)))):
        raise _invalid("integration_ids", "names an integration that is not there", "List the integrations to see those there are.")


def _as_text(ids: Sequence[UUID] | None) -> list[str] | None:
    return None if ids is None else [str(one) for one in ids]


def _invalid(field: str, message: str, remedy: str) -> Invalid:
    return Invalid(f"{field} {message}", remedy=remedy, fields=[{"field": field, "message": message, "remedy": remedy}])


def _name_taken(name: str) -> Conflict:
    fields = [{"field": "name", "message": "is taken"}]
    return Conflict(f"there is a contact named {name!r} already", code="name_taken", remedy="Choose another name.", fields=fields)


def _not_there(contact_id: UUID) -> ContactNotFound:
    return ContactNotFound(f"there is no contact {contact_id}", remedy="List the contacts to see those there are.")

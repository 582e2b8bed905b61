"""Telling one contact: by e-mail, or by a signed webhook."""

import hashlib
import hmac
from base64 import b64decode, b64encode
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any
from uuid import UUID

import aiosmtplib
import httpx
import orjson
from pydantic import SecretStr
from sqlalchemy import Row

from connector.notices.contacts import SIGNING
from connector.settings import ConnectorSettings
from shared.clock import now
from shared.errors import AppError, Upstream

SECONDS = 20.0
"""How long telling somebody may take."""


class NotTold(Upstream):
    """A contact could not be told. `retryable` says whether it may help to try again."""

    code = "contact_not_told"


@dataclass(frozen=True, slots=True)
class Telling:
    """What is told: the same `id` however often it is tried."""

    id: UUID
    title: str
    message: str
    remedy: str | None
    facts: dict[str, Any]


async def tell_by_mail(settings: ConnectorSettings, address: str, telling: Telling) -> None:
    """Send an e-mail. Raises `NotTold`."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = settings.smtp_from, address, f"Rollcall: {telling.title}"
    mail["Date"], mail["Message-ID"] = formatdate(usegmt=True), f"<{telling.id}@rollcall>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("\n\n".join(part for part in (telling.message, telling.remedy) if part) + "\n")
    password = settings.smtp_password.get_secret_value() if settings.smtp_password else None
    try:
        await aiosmtplib.send(
            mail,
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_user,
            password=password,
            use_tls=settings.smtp_security == "tls",
            start_tls=settings.smtp_security == "starttls",
            timeout=SECONDS,
        )
    except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
        # What the server said may repeat what it was sent.
        said = f" ({error.code})" if isinstance(error, aiosmtplib.SMTPResponseException) else ""
        remedy = "Look at the mail server, and at the settings ROLLCALL_CONNECTOR_SMTP_…."
        raise NotTold(f"the mail server did not take the message: {type(error).__name__}{said}", remedy=remedy) from None


async def tell_by_webhook(outward: httpx.AsyncClient, known: dict[str, SecretStr], telling: Telling) -> None:
    """POST a message as JSON, signed as Standard Webhooks says. Raises `NotTold`; of an answer only its status is kept."""
    body = orjson.dumps(
        {"id": str(telling.id), "title": telling.title, "message": telling.message, "remedy": telling.remedy, **telling.facts}
    )
    moment = str(int(now().timestamp()))
    headers = {
        "Content-Type": "application/json",
        "webhook-id": str(telling.id),
        "webhook-timestamp": moment,
        "webhook-signature": signature(known["signing"], str(telling.id), moment, body),
    }
    try:
        async with outward.stream("POST", known["url"].get_secret_value(), content=body, headers=headers, timeout=SECONDS) as response:
            status = response.status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        remedy = "Look whether the webhook's host is up and can be reached from the connector."
        raise NotTold(f"the webhook gave no answer: {type(error).__name__}", remedy=remedy) from None
    except AppError as error:
        raise NotTold(error.message, remedy=error.remedy) from None
    if not httpx.codes.is_success(status):
        raise NotTold(f"the webhook answered {status}", remedy="Look at the receiving side; a redirect is not followed.")


def signature(secret: SecretStr, message_id: str, moment: str, body: bytes) -> str:
    """Return the signature of a message, by the scheme v1 of Standard Webhooks: HMAC-SHA256 over id, time and body."""
    key = b64decode(secret.get_secret_value().removeprefix(SIGNING))
    signed = hmac.new(key, b".".join((message_id.encode(), moment.encode(), body)), hashlib.sha256).digest()
    return f"v1,{b64encode(signed).decode()}"


def telling_of(delivery_id: UUID, notice: Row[Any]) -> Telling:
    """Return what is told of a notice."""
    facts = {
        "notice_id": str(notice.notice_id),
        "kind": notice.kind,
        "integration_id": str(notice.integration_id) if notice.integration_id else None,
        "details": notice.details,
        "at": notice.first_at.isoformat(),
    }
    return Telling(delivery_id, notice.title, notice.message, notice.remedy, facts)

"""From the token in a request to the account that asks."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import Row, or_, select, update

from api_gateway.auth.shapes import AccountOut, Role, TokenOut
from api_gateway.auth.tokens import NOBODY, Token, read_token
from api_gateway.tables import ACCOUNTS, API_TOKENS
from shared.clock import now
from shared.db.engine import Database
from shared.errors import Unauthenticated
from shared.unit import Units

USE_NOTED_EVERY = timedelta(minutes=1)
"""How exact `last_used_at` is: a write for every request would cost more than it tells."""
REMEDY = "Send `Authorization: Bearer rc_...` with a token that an admin made for you."


@dataclass(frozen=True, slots=True)
class Account:
    """Who asks, and by which token."""

    shown: AccountOut
    token: TokenOut

    @property
    def name(self) -> str:
        """The name that stands beside everything this account changes."""
        return self.shown.name

    @property
    def role(self) -> Role:
        """What it may do."""
        return self.shown.role


async def authenticate(database: Database, units: Units, authorization: str | None) -> Account:
    """Return the account whose token was sent. Raises `Unauthenticated`, which says why but never repeats the token."""
    token = _sent(authorization)
    row = await _stored(database, token.id)
    moment = now()
    if not token.fits(NOBODY if row is None else row.secret_hash) or row is None:
        raise Unauthenticated("the token is not known", code="unknown_token", remedy=REMEDY)
    if row.revoked_at is not None:
        raise Unauthenticated("the token was revoked", code="revoked_token", remedy=REMEDY)
    if row.expires_at is not None and row.expires_at <= moment:
        raise Unauthenticated("the token has expired", code="expired_token", remedy=REMEDY)
    if row.last_used_at is None or row.last_used_at <= moment - USE_NOTED_EVERY:
        await _note_use(units, token.id, moment)
    return Account(
        shown=AccountOut(id=row.account_id, name=row.account_name, kind=row.kind, role=row.role, created_at=row.account_created_at),
        token=TokenOut.model_validate(row),
    )


def _sent(authorization: str | None) -> Token:
    scheme, _, text = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise Unauthenticated("this API needs a token", code="no_token", remedy=REMEDY)
    token = read_token(SecretStr(text.strip()))
    if token is None:
        raise Unauthenticated("the token does not look like one of ours", code="unknown_token", remedy=REMEDY)
    return token


async def _stored(database: Database, token_id: UUID) -> Row[Any] | None:
    account = (
        ACCOUNTS.c.name.label("account_name"),
        ACCOUNTS.c.kind,
        ACCOUNTS.c.role,
        ACCOUNTS.c.created_at.label("account_created_at"),
    )
    statement = select(API_TOKENS, *account).join(ACCOUNTS, ACCOUNTS.c.id == API_TOKENS.c.account_id).where(API_TOKENS.c.id == token_id)
    async with database.reading() as session:
        return (await session.execute(statement)).first()


async def _note_use(units: Units, token_id: UUID, moment: datetime) -> None:
    stale = or_(API_TOKENS.c.last_used_at.is_(None), API_TOKENS.c.last_used_at <= moment - USE_NOTED_EVERY)
    async with units.begin() as unit:
        await unit.session.execute(update(API_TOKENS).where(API_TOKENS.c.id == token_id, stale).values(last_used_at=moment))

"""Tokens, as they are stored: hashes, and what became of them."""

from uuid import UUID

from sqlalchemy import func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api_gateway.auth.accounts import require_account
from api_gateway.auth.shapes import TokenIn, TokenMade, TokenOut
from api_gateway.auth.tokens import new_token
from api_gateway.tables import API_TOKENS
from shared.clock import now
from shared.db.types import Timestamp
from shared.errors import Invalid, NotFound


async def add_token(session: AsyncSession, account_id: UUID, given: TokenIn, *, created_by: str) -> TokenMade:
    """Make a token; its plain text is in the answer and nowhere else. Raises `NotFound`, `Invalid`."""
    await require_account(session, account_id)
    moment = now()
    if given.expires_at is not None and given.expires_at <= moment:
        problem = {"field": "expires_at", "message": "is over", "remedy": "Give a moment in the future, or none."}
        raise Invalid("expires_at is over", remedy=problem["remedy"], fields=[problem])
    token = new_token()
    row = {**given.model_dump(), "id": token.id, "account_id": account_id, "created_at": moment, "created_by": created_by}
    await session.execute(insert(API_TOKENS).values(**row, secret_hash=token.hash()))
    return TokenMade.model_validate({**row, "revoked_at": None, "last_used_at": None, "token": token.plain()})


async def list_tokens(session: AsyncSession, account_id: UUID, *, after: UUID | None, limit: int) -> list[TokenOut]:
    """Return at most `limit` tokens of an account, the newest first: their ids are ordered by time. Raises `NotFound`."""
    await require_account(session, account_id)
    statement = select(API_TOKENS).where(API_TOKENS.c.account_id == account_id).order_by(API_TOKENS.c.id.desc()).limit(limit)
    if after is not None:
        statement = statement.where(API_TOKENS.c.id < after)
    return [TokenOut.model_validate(row) for row in await session.execute(statement)]


async def count_tokens(session: AsyncSession, account_id: UUID) -> int:
    """Return how many tokens an account has ever had."""
    return await session.scalar(select(func.count()).select_from(API_TOKENS).where(API_TOKENS.c.account_id == account_id)) or 0


async def revoke_token(session: AsyncSession, token_id: UUID) -> None:
    """Make a token useless from now on; doing it again changes nothing. Raises `NotFound`."""
    revoked = func.coalesce(API_TOKENS.c.revoked_at, literal(now(), Timestamp))
    statement = update(API_TOKENS).where(API_TOKENS.c.id == token_id).values(revoked_at=revoked).returning(API_TOKENS.c.id)
    if (await session.execute(statement)).first() is None:
        raise NotFound(f"there is no token {token_id}", remedy="GET /api/v1/accounts/{id}/tokens lists an account's tokens.")

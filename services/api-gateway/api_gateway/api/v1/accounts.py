"""Accounts, their tokens, and who asks."""

from uuid import UUID

from fastapi import APIRouter

from api_gateway.api.v1.paging import after, page_of
from api_gateway.api.v1.routing import Count, Cursor, Limit, subject
from api_gateway.auth.accounts import add_account, count_accounts, list_accounts, name_key
from api_gateway.auth.shapes import AccountIn, AccountOut, MeOut, TokenIn, TokenMade, TokenOut
from api_gateway.auth.stored_tokens import add_token, count_tokens, list_tokens, revoke_token
from api_gateway.scope import InAccount, InReading, InRequest
from shared.http.paging import PAGE_SIZE, Page

accounts: APIRouter = subject("/accounts", "accounts")
tokens: APIRouter = subject("/tokens", "accounts")
me: APIRouter = subject("/me", "accounts")


@accounts.post("", status_code=201)
async def add(given: AccountIn, unit: InRequest) -> AccountOut:
    """Add an account."""
    return await add_account(unit.session, given)


@accounts.get("")
async def list_all(session: InReading, cursor: Cursor = None, limit: Limit = PAGE_SIZE, count: Count = False) -> Page[AccountOut]:
    """Return the accounts, by name."""
    found = await list_accounts(session, after=after(cursor, str), limit=limit + 1)
    return page_of(found, limit, lambda account: name_key(account.name), await count_accounts(session) if count else None)


@accounts.post("/{account_id}/tokens", status_code=201)
async def make_token(account_id: UUID, unit: InRequest, given: TokenIn | None = None) -> TokenMade:
    """Make a token. It is shown in this answer and never again."""
    return await add_token(unit.session, account_id, given or TokenIn(), created_by=unit.actor)


@accounts.get("/{account_id}/tokens")
async def tokens_of(
    account_id: UUID, session: InReading, cursor: Cursor = None, limit: Limit = PAGE_SIZE, count: Count = False
) -> Page[TokenOut]:
    """Return an account's tokens without their secrets, the newest first; revoked ones too."""
    found = await list_tokens(session, account_id, after=after(cursor, UUID), limit=limit + 1)
    return page_of(found, limit, lambda token: str(token.id), await count_tokens(session, account_id) if count else None)


@tokens.delete("/{token_id}", status_code=204)
async def revoke(token_id: UUID, unit: InRequest) -> None:
    """Revoke a token: it stops working at once."""
    await revoke_token(unit.session, token_id)


@me.get("")
async def who_asks(account: InAccount) -> MeOut:
    """Return whose token this is."""
    return MeOut(account=account.shown, token=account.token)

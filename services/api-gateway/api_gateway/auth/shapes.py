"""Bodies and answers of accounts and tokens. Only the gateway knows accounts, so they stand here."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.api.base import In, Moment, Out

Kind = Literal["person", "service"]
Role = Literal["viewer", "operator", "admin", "agent"]
AccountName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[\w][\w .@+-]*$")]
TokenName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]


class AccountIn(In):
    """A new account. Its name stands beside everything that it changes."""

    name: AccountName
    kind: Kind
    role: Role


class AccountOut(Out):
    """Somebody, or a program, that may use the API."""

    id: UUID
    name: str
    kind: Kind
    role: Role
    created_at: datetime


class TokenIn(In):
    """A new token for an account."""

    name: TokenName = Field(default="token", description="What it is for, so that it can be told from the others later.")
    expires_at: Moment | None = Field(default=None, description="When it stops working; never, if it is not given.")


class TokenOut(Out):
    """A token without its secret."""

    id: UUID
    account_id: UUID
    name: str
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="Exact to a minute.")


class TokenMade(TokenOut):
    """A token that was made just now."""

    token: str = Field(description="The token itself: shown only now, it is not stored.")


class MeOut(Out):
    """Who asks, by which token."""

    account: AccountOut
    token: TokenOut

"""The tokens that services show each other: short-lived, signed, for one audience, naming who asks and for whom."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import jwt
from fastapi import Request
from pydantic import SecretStr

from shared.clock import now
from shared.errors import Unauthenticated

LIFE = timedelta(minutes=2)
LEEWAY = timedelta(seconds=30)
ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a service, and the account for which it asks."""

    service: str
    actor: str


@dataclass(frozen=True, slots=True)
class ServiceTokens:
    """Signs and checks service tokens with the key that all services share."""

    key: SecretStr
    service: str

    def sign(self, audience: str, actor: str) -> str:
        """Return a token that `audience` accepts for the next two minutes."""
        moment = now()
        claims = {"iss": self.service, "aud": audience, "sub": actor, "iat": moment, "exp": moment + LIFE}
        return jwt.encode(claims, self.key.get_secret_value(), algorithm=ALGORITHM)

    def check(self, token: str) -> Caller:
        """Return who signed `token` for this service. Raises `Unauthenticated`."""
        try:
            claims = jwt.decode(
                token,
                self.key.get_secret_value(),
                algorithms=[ALGORITHM],
                audience=self.service,
                leeway=LEEWAY,
                options={"require": ["iss", "aud", "sub", "iat", "exp"]},
            )
        except jwt.InvalidTokenError as error:
            raise Unauthenticated("the service token is not valid", remedy="Services must share one ROLLCALL_SERVICE_KEY.") from error
        return Caller(service=claims["iss"], actor=claims["sub"])


def caller_of(tokens: ServiceTokens) -> Callable[[Request], Awaitable[Caller]]:
    """Return a FastAPI dependency that lets only services in."""

    async def caller(request: Request) -> Caller:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("this API is for services only", remedy="Use the gateway's /api/v1.")
        return tokens.check(token.strip())

    return caller

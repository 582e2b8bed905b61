"""OAuth 2.0 client credentials (RFC 6749, section 4.4)."""

import time
from collections.abc import Callable
from typing import Any

import httpx
from typing_extensions import override

from connector.signing.tokens import TokenAuth
from connector.sources.base import Access
from shared.errors import Invalid


class NoTokenUrl(Invalid):
    """Nobody said where the token comes from."""

    code = "no_token_url"


class ClientCredentials(TokenAuth):
    """Exchanges the client's id and secret for a bearer token."""

    def __init__(self, access: Access, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock)
        url = access.fields.get("token_url")
        if url is None:
            raise NoTokenUrl(
                f"the credential {access.credential_name!r} has no token_url", remedy="Renew it, and give its field token_url."
            )
        self._url = url
        self._access = access

    @override
    def question(self) -> httpx.Request:
        # In the body, not as HTTP Basic: every server takes it so that takes secrets of any alphabet.
        form = {
            "grant_type": "client_credentials",
            "client_id": self._access.client_id,
            "client_secret": self._access.client_secret.get_secret_value(),
            **({"scope": scopes} if (scopes := self._access.fields.get("scopes")) else {}),
        }
        return httpx.Request("POST", self._url, data=form, headers={"Accept": "application/json"})

    @override
    def token_in(self, answer: Any) -> tuple[str | None, float | None]:
        if not isinstance(answer, dict) or not isinstance(token := answer.get("access_token"), str):
            return None, None
        lives = answer.get("expires_in")
        return token, float(lives) if isinstance(lives, int | float) and lives > 0 else None

    @override
    def put(self, request: httpx.Request, token: str) -> None:
        request.headers["Authorization"] = f"Bearer {token}"

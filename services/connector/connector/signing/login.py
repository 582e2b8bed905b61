"""Session credentials: a login request, and a header with the token from its answer."""

from typing import Any

import httpx
from typing_extensions import override

from connector.signing.tokens import TokenAuth
from connector.sources.base import Access


class Login(TokenAuth):
    """Logs in as the credential describes; a token lives until the source refuses it."""

    def __init__(self, access: Access) -> None:
        super().__init__()
        self._access = access

    @override
    def question(self) -> httpx.Request:
        fields = self._access.fields
        open_part = {name.removeprefix("body."): value for name, value in fields.items() if name.startswith("body.")}
        secret_part = {name.removeprefix("secret_body."): secret.get_secret_value() for name, secret in self._access.secrets.items()}
        body = {**open_part, **secret_part}
        return httpx.Request(fields["method"], fields["url"], headers={"Accept": "application/json"}, json=body)

    @override
    def token_in(self, answer: Any) -> tuple[str | None, float | None]:
        for step in self._access.fields["token_path"].split("."):
            answer = answer.get(step) if isinstance(answer, dict) else None
        return (answer, None) if isinstance(answer, str) else (None, None)

    @override
    def put(self, request: httpx.Request, token: str) -> None:
        prefix = self._access.fields["header_prefix"]
        request.headers[self._access.fields["header_name"]] = f"{prefix} {token}" if prefix else token

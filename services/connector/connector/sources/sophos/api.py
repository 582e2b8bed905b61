"""Speaking to Sophos Central with one credential: sign in, ask, try again where that may help."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import stamina
from pydantic import ValidationError

from connector.sources.base import Access, Permits, Surroundings
from connector.sources.patience import Patience
from connector.sources.sophos.errors import api_error, malformed, sign_in_error
from connector.sources.sophos.hosts import Hosts
from connector.sources.sophos.models import Token, WhoAmI
from connector.sources.sophos.tokens import Tokens
from connector.sources.wire import SERVER_ERRORS, TOO_MANY_REQUESTS, Answer, SourceThrottled, Wire

TENANT_HEADER = "X-Tenant-ID"
UNAUTHORIZED = 401
WHOAMI = "GET /whoami/v1"
TAMPER_PROTECTION = "/tamper-protection"
NEVER_KEPT = frozenset({"password", "previousPasswords"})
"""What Sophos says about a device's tamper protection, and nobody here needs to know."""


@dataclass(frozen=True, slots=True)
class SophosCentral:
    """What all credentials share: the wire, the hosts, the tokens."""

    wire: Wire
    hosts: Hosts
    tokens: Tokens
    patience: Patience
    page_size: int
    device_page_size: int
    read_back_seconds: float
    overlap: timedelta
    rates: Permits

    @classmethod
    def configured(cls, surroundings: Surroundings) -> "SophosCentral":
        """Return it as the settings say."""
        settings = surroundings.settings
        return cls(
            wire=Wire(surroundings.http, largest_answer=settings.largest_answer),
            hosts=Hosts(settings.sophos_id_url, settings.sophos_global_url),
            tokens=Tokens(),
            patience=Patience.configured(settings),
            page_size=settings.page_size,
            device_page_size=settings.device_page_size,
            read_back_seconds=settings.read_back_seconds,
            overlap=timedelta(seconds=settings.quick_overlap_seconds),
            rates=surroundings.rates,
        )


@dataclass(frozen=True, slots=True)
class Question:
    """One request. `asked` (method and path, neither host nor secret) is how errors name it."""

    method: str
    url: str
    asked: str
    headers: Mapping[str, str]
    params: dict[str, str] | None = None
    body: Any = None

    @property
    def drop(self) -> frozenset[str]:
        """What of the answer is never kept."""
        return NEVER_KEPT if self.asked.endswith(TAMPER_PROTECTION) else frozenset()


class Account:
    """One credential's calls. Counts what it sends."""

    def __init__(self, central: SophosCentral, access: Access) -> None:
        self.central = central
        self.access = access
        self.requests = 0

    async def sign_in(self) -> None:
        """Make sure that there is a token. Raises `SignInRefused` and what `Wire.send` raises."""
        await self.central.tokens.get(self.access.credential_id, self._ask_for_token)

    async def owner(self) -> WhoAmI:
        """Return whose credential this is; asked once for each token."""
        return self.central.tokens.owner(self.access.credential_id) or await self.whoami()

    async def whoami(self) -> WhoAmI:
        """Ask whose credential this is."""
        answer = await self.read(Question("GET", self.central.hosts.whoami_url, WHOAMI, {}))
        if not answer.ok:
            raise api_error(answer, WHOAMI)
        try:
            who = WhoAmI.model_validate(answer.body)
        except ValidationError:
            raise malformed(WHOAMI, "lacks the id or its type", answer) from None
        self.central.tokens.belongs_to(self.access.credential_id, who)
        return who

    async def read(self, question: Question) -> Answer:
        """Send a read and return the answer, whatever its status below 429; what passes by itself is tried again first."""

        async def once() -> Answer:
            answer = await self._authorized(question)
            await self._note_refusal(question, answer)
            if answer.status == TOO_MANY_REQUESTS or answer.status >= SERVER_ERRORS:
                raise api_error(answer, question.asked)
            return answer

        return await self.central.patience.read(once)

    async def write(self, question: Question) -> Answer:
        """Send a write and return the answer, whatever it says. It is repeated only where Sophos cannot have acted (401, 429)."""
        patience = self.central.patience
        async for attempt in stamina.retry_context(
            on=lambda error: patience.again(error) if isinstance(error, SourceThrottled) else False,
            attempts=patience.attempts,
            timeout=None,
            wait_initial=patience.first,
            wait_max=patience.longest,
            wait_jitter=patience.first,
        ):
            with attempt:
                answer = await self._authorized(question)
                await self._note_refusal(question, answer)
                if answer.status == TOO_MANY_REQUESTS:
                    raise api_error(answer, question.asked)
        return answer

    async def _authorized(self, question: Question) -> Answer:
        """Send with a token; once more with a new one when Sophos does not take it."""
        token = await self.central.tokens.get(self.access.credential_id, self._ask_for_token)
        answer = await self._send(question, token)
        if answer.status != UNAUTHORIZED:
            return answer
        self.central.tokens.drop(self.access.credential_id, token)
        token = await self.central.tokens.get(self.access.credential_id, self._ask_for_token)
        return await self._send(question, token)

    def scope_of(self, tenant_id: str | None) -> str:
        """Return what limits are counted for. Sophos does not say what it is; the tenant is what all callers of one have in common."""
        return f"sophos:{tenant_id or self.access.credential_id}"

    async def _note_refusal(self, question: Question, answer: Answer) -> None:
        if answer.status == TOO_MANY_REQUESTS:
            await self.central.rates.throttled(self._scope(question), answer.retry_after)

    def _scope(self, question: Question) -> str:
        return self.scope_of(question.headers.get(TENANT_HEADER))

    async def _send(self, question: Question, token: str) -> Answer:
        await self.central.rates.permit(self._scope(question))
        self.requests += 1
        return await self.central.wire.send(
            question.method,
            question.url,
            headers={"Authorization": f"Bearer {token}", **question.headers},
            params=question.params,
            json=question.body,
            secrets=(token, self.access.client_secret.get_secret_value()),
            drop=question.drop,
        )

    async def _ask_for_token(self) -> Token:
        self.requests += 1
        secret = self.access.client_secret.get_secret_value()
        form = {"grant_type": "client_credentials", "client_id": self.access.client_id, "client_secret": secret, "scope": "token"}
        answer = await self.central.wire.send("POST", self.central.hosts.token_url, form=form, secrets=(secret,))
        if not answer.ok:
            raise sign_in_error(answer)
        try:
            return Token.model_validate(answer.body)
        except ValidationError:
            raise malformed("the sign-in", "holds no token", answer) from None

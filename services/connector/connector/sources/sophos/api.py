"""Speaking to Sophos Central with one credential: sign in, find the regional host, ask, try again where that may help."""

from dataclasses import dataclass

import httpx
import stamina
from pydantic import ValidationError

from connector.sources.base import Access
from connector.sources.patience import Patience
from connector.sources.settings import SourceSettings
from connector.sources.sophos.errors import InputsDisagree, WrongKindOfCredential, api_error, malformed, sign_in_error
from connector.sources.sophos.hosts import Hosts
from connector.sources.sophos.models import Token, WhoAmI
from connector.sources.sophos.tokens import Tokens
from connector.sources.wire import SERVER_ERRORS, TOO_MANY_REQUESTS, Answer, SourceThrottled, Wire

NOT_FOUND = 404
UNAUTHORIZED = 401
WHOAMI = "GET /whoami/v1"


@dataclass(frozen=True, slots=True)
class Tenant:
    """Whose data the credential reaches, and where."""

    id: str
    base_url: str


@dataclass(frozen=True, slots=True)
class SophosCentral:
    """What all credentials share: the wire, the hosts, the tokens."""

    wire: Wire
    hosts: Hosts
    tokens: Tokens
    patience: Patience
    page_size: int
    read_back_seconds: float

    @classmethod
    def configured(cls, settings: SourceSettings, http: httpx.AsyncClient) -> "SophosCentral":
        """Return it as the settings say."""
        return cls(
            wire=Wire(http, largest_answer=settings.largest_answer),
            hosts=Hosts(settings.sophos_id_url, settings.sophos_global_url),
            tokens=Tokens(),
            patience=Patience.configured(settings),
            page_size=settings.page_size,
            read_back_seconds=settings.read_back_seconds,
        )


class Account:
    """One credential's calls. Counts what it sends."""

    def __init__(self, central: SophosCentral, access: Access) -> None:
        self._central = central
        self.access = access
        self.requests = 0
        self._tenant: Tenant | None = None

    async def sign_in(self) -> None:
        """Make sure that there is a token. Raises `SignInRefused` and what `Wire.send` raises."""
        await self._central.tokens.get(self.access.credential_id, self._ask_for_token)

    async def whoami(self) -> WhoAmI:
        """Ask whose credential this is."""
        answer = await self._patiently("GET", self._central.hosts.whoami_url, WHOAMI)
        if not answer.ok:
            raise api_error(answer, WHOAMI)
        try:
            who = WhoAmI.model_validate(answer.body)
        except ValidationError:
            raise malformed(WHOAMI, "lacks the id or its type", answer) from None
        self._central.tokens.belongs_to(self.access.credential_id, who)
        return who

    async def tenant(self) -> Tenant:
        """Return whose data this is and where; asked once. Raises `WrongKindOfCredential`, `HostRefused`, `InputsDisagree`."""
        if self._tenant is None:
            tokens, credential_id = self._central.tokens, self.access.credential_id
            who = tokens.owner(credential_id) or await self.whoami()
            tenant = self.tenant_of(who)
            self.compare_inputs(tenant)
            self._tenant = tenant
        return self._tenant

    def tenant_of(self, who: WhoAmI) -> Tenant:
        """Return the tenant that whoami names. Raises `WrongKindOfCredential`, `HostRefused`."""
        if who.idType.lower() != "tenant":
            raise WrongKindOfCredential(
                f"the credential belongs to a Sophos {who.idType[:40]}, not to a tenant",
                remedy="Create the API credential inside the tenant whose users are wanted.",
            )
        if not who.apiHosts.dataRegion:
            raise malformed(WHOAMI, "names no regional host (apiHosts.dataRegion)")
        return Tenant(who.id, self._central.hosts.regional(who.apiHosts.dataRegion))

    def compare_inputs(self, tenant: Tenant) -> None:
        """Raise `InputsDisagree`, naming each input that says something else than Sophos does."""
        says = {"tenant_id": tenant.id, "data_region": tenant.base_url}
        wrong = [
            {
                "field": given.key,
                "message": f"{given.origin} says {given.value[:200]!r}, Sophos says {says[given.key]!r}",
                "remedy": f"Set {given.origin} to {says[given.key]!r}, or use a credential of the other tenant.",
            }
            for given in self.access.inputs
            if given.key in says and not _same(given.value, says[given.key])
        ]
        if wrong:
            words = "; ".join(problem["message"] for problem in wrong)
            raise InputsDisagree(words, remedy=wrong[0]["remedy"], fields=wrong)

    async def get(self, path: str, params: dict[str, str] | None = None) -> Answer:
        """Return the answer to a read: a success or a 404. Raises a typed error for anything else, after retrying."""
        tenant = await self.tenant()
        answer = await self._patiently("GET", f"{tenant.base_url}{path}", f"GET {path}", params)
        if answer.ok or answer.status == NOT_FOUND:
            return answer
        raise api_error(answer, f"GET {path}")

    async def delete(self, path: str) -> Answer:
        """Send a deletion and return the answer, whatever it says. It is repeated only where Sophos cannot have acted (401, 429)."""
        tenant = await self.tenant()
        patience = self._central.patience
        async for attempt in stamina.retry_context(
            on=lambda error: patience.again(error) if isinstance(error, SourceThrottled) else False,
            attempts=patience.attempts,
            timeout=None,
            wait_initial=patience.first,
            wait_max=patience.longest,
            wait_jitter=patience.first,
        ):
            with attempt:
                answer = await self._authorized("DELETE", f"{tenant.base_url}{path}", None)
                if answer.status == TOO_MANY_REQUESTS:
                    raise api_error(answer, f"DELETE {path}")
        return answer

    async def _patiently(self, method: str, url: str, asked: str, params: dict[str, str] | None = None) -> Answer:
        """Send a read; try again what passes by itself."""

        async def once() -> Answer:
            answer = await self._authorized(method, url, params)
            if answer.status == TOO_MANY_REQUESTS or answer.status >= SERVER_ERRORS:
                raise api_error(answer, asked)
            return answer

        return await self._central.patience.read(once)

    async def _authorized(self, method: str, url: str, params: dict[str, str] | None) -> Answer:
        """Send with a token; once more with a new one when Sophos does not take it."""
        token = await self._central.tokens.get(self.access.credential_id, self._ask_for_token)
        answer = await self._send(method, url, params, token)
        if answer.status != UNAUTHORIZED:
            return answer
        self._central.tokens.drop(self.access.credential_id, token)
        token = await self._central.tokens.get(self.access.credential_id, self._ask_for_token)
        return await self._send(method, url, params, token)

    async def _send(self, method: str, url: str, params: dict[str, str] | None, token: str) -> Answer:
        self.requests += 1
        headers = {"Authorization": f"Bearer {token}"}
        if self._tenant is not None:
            headers["X-Tenant-ID"] = self._tenant.id
        secrets = (token, self.access.client_secret.get_secret_value())
        return await self._central.wire.send(method, url, headers=headers, params=params, secrets=secrets)

    async def _ask_for_token(self) -> Token:
        self.requests += 1
        secret = self.access.client_secret.get_secret_value()
        form = {"grant_type": "client_credentials", "client_id": self.access.client_id, "client_secret": secret, "scope": "token"}
        answer = await self._central.wire.send("POST", self._central.hosts.token_url, form=form, secrets=(secret,))
        if not answer.ok:
            raise sign_in_error(answer)
        try:
            return Token.model_validate(answer.body)
        except ValidationError:
            raise malformed("the sign-in", "holds no token", answer) from None


def _same(given: str, told: str) -> bool:
    """Ids come in either case; URLs with and without a slash at the end."""
    return given.strip().rstrip("/").casefold() == told.strip().rstrip("/").casefold()

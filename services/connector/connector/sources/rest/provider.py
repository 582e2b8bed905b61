"""The provider `rest-users`."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

import httpx

from connector.signing.signing import auth_of, in_the_open, unsigned
from connector.signing.tls import context_of
from connector.sources.base import Access, Operation, Source, Surroundings
from connector.sources.patience import Patience
from connector.sources.rest.answers import refused
from connector.sources.rest.description import Description, described
from connector.sources.rest.manifest import MANIFEST
from connector.sources.rest.session import Ask, RestSession
from connector.sources.wire import SERVER_ERRORS, TOO_MANY_REQUESTS, Answer, Wire
from shared.api.credentials import CredentialMay, CredentialTestOut, TestCheck
from shared.api.sources import ProviderOut
from shared.errors import AppError
from shared.http.outward import outward_client


class RestUsers:
    """Speaks to whichever API the integration's settings describe."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._patience = Patience.configured(surroundings.settings)

    @property
    def manifest(self) -> ProviderOut:
        """What it is, needs and offers."""
        return MANIFEST

    @property
    def operations(self) -> Mapping[str, Operation]:
        """Nothing can be done at an API of which only reading is described."""
        return {}

    async def open(self, access: Access) -> RestSession:
        """Read the description; the first page signs in. Raises `Invalid`."""
        api = described(access)
        return RestSession(api, await self._asking(access, api))

    def limit(self, access: Access) -> tuple[str, int]:
        """Return the host as a scope, and how many requests the settings allow it in any minute."""
        api = described(access)
        return api.scope, api.requests_per_minute

    async def test(self, access: Access) -> CredentialTestOut:
        """Read the first page, and say what came of it."""
        try:
            page = await (await self.open(access)).page(None)
        except AppError as error:
            return CredentialTestOut(ok=False, checks=[TestCheck(name="list_users", ok=False, message=error.message, remedy=error.remedy)])
        message = f"the first page holds {len(page.users)} users, and {len(page.rejected)} records without a usable id"
        may = CredentialMay(read="yes", delete="unknown", remark="Of this API only reading is described.")
        return CredentialTestOut(ok=True, checks=[TestCheck(name="list_users", ok=True, message=message)], may=may)

    def forget(self, credential_id: UUID) -> None:
        """Nothing is kept: a session's tokens end with it."""

    async def _asking(self, access: Access, api: Description) -> Ask:
        """Return what asks with the credential, each attempt with a permit. Raises `Invalid` when it lacks what signing needs."""
        auth, secrets = auth_of(access), in_the_open(access)
        tls = await asyncio.to_thread(context_of, access) if access.kind == "mutual_tls" else None

        rates, limit = self._surroundings.rates, api.requests_per_minute

        async def ask(url: str, parameters: dict[str, str], count: Callable[[], None]) -> Answer:
            async def once() -> Answer:
                await rates.permit(api.scope, limit)
                count()
                async with self._client(tls) as http:
                    wire = Wire(http, largest_answer=self._surroundings.settings.largest_answer)
                    answer = await wire.send("GET", url, params=parameters, auth=auth, secrets=secrets, may_be_list=True)
                if answer.status == TOO_MANY_REQUESTS:
                    await rates.throttled(api.scope, answer.retry_after, limit)
                if answer.status == TOO_MANY_REQUESTS or answer.status >= SERVER_ERRORS:
                    raise refused(answer, url)
                # Where a list goes on is stored: a key that the source repeats in its link must not be.
                return answer if answer.next_link is None else replace(answer, next_link=unsigned(access, answer.next_link))

            return await self._patience.read(once)

        return ask

    @asynccontextmanager
    async def _client(self, tls: ssl.SSLContext | None) -> AsyncIterator[httpx.AsyncClient]:
        """Give the shared client, or one that shows a certificate: its connections must serve nobody else."""
        if tls is None:
            yield self._surroundings.outward
            return
        settings = self._surroundings.settings
        async with outward_client(private=settings.private_networks, timeout=settings.timeout, connections=1, tls=tls) as client:
            yield client


def sources(surroundings: Surroundings) -> Iterable[Source]:
    """Return the one kind of source that is described instead of written."""
    return (RestUsers(surroundings),)

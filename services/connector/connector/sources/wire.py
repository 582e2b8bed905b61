"""One request and its answer: bounded in size, checked as JSON, never redirected."""

from base64 import b64encode
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from json import dumps
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
import orjson

from connector.sources.parsing import read_json
from connector.storable import storable
from shared.clock import now
from shared.errors import Throttled, Upstream, UpstreamRefused

TOO_MANY_REQUESTS = 429
SERVER_ERRORS = 500
"""The first status of the server's own errors."""
SHORTEST_SECRET = 8
"""Characters; anything shorter is not blotted out, it would deface ordinary text."""


class SourceUnreachable(Upstream):
    """The source did not answer: no connection, a cut, a time-out."""

    code, title = "source_unreachable", "The source does not answer"


class SourceFailed(Upstream):
    """The source answered that it failed (5xx)."""

    code, title = "source_failed", "The source failed"


class SourceThrottled(Throttled):
    """The source asks for fewer requests (429)."""

    code, title = "source_throttled", "The source asks us to slow down"


class RefusedAnswer(UpstreamRefused):
    """An answer that we do not take: too large, not JSON, a redirect."""

    code, title = "source_answer_refused", "The source's answer cannot be used"


class NotJson(RefusedAnswer):
    """A success that is no JSON object: somebody else, such as a proxy, may have answered. A read is tried again before it counts."""

    code, title = "source_not_json", "The source's answer is no JSON object"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `body` is empty when it is not a JSON object; `items` are the list that came in its place."""

    status: int
    body: dict[str, Any]
    is_json: bool
    at: datetime
    retry_after: float | None = None
    items: list[Any] | None = None
    next_link: str | None = None
    source_time: datetime | None = None

    @property
    def ok(self) -> bool:
        """Whether the status says success."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the 2xx class

    @property
    def correlation_id(self) -> str | None:
        """The source's own id of this answer."""
        told = self.body.get("correlationId") or self.body.get("requestId") or self.body.get("trackingId")
        return str(told)[:100] if told else None


class Wire:
    """Sends requests over one pooled HTTP client."""

    def __init__(self, http: httpx.AsyncClient, *, largest_answer: int) -> None:
        self._http = http
        self._largest = largest_answer

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
        form: dict[str, str] | None = None,
        json: Any = None,
        secrets: tuple[str, ...] = (),
        auth: httpx.Auth | None = None,
        may_be_list: bool = False,
        drop: frozenset[str] = frozenset(),
    ) -> Answer:
        """Return the answer, whatever its status.

        `secrets` are blotted out of what it says; what stands under the keys `drop`, however deep, never gets further
        than here. Raises `SourceUnreachable`, `RefusedAnswer` when it is too large, and `NotJson` when it is a success that is not a JSON
        object (nor a list, where `may_be_list`).
        """
        # Without its query: somebody may have put a key there.
        asked = f"{method} {url.partition('?')[0]}"
        try:
            # Added, not put in place of the address's own query, as the client's parameters would be.
            whole = _address(url).copy_merge_params(params) if params else _address(url)
            async with self._http.stream(method, whole, headers=headers, data=form, json=json, auth=auth) as response:
                raw = await self._read(response, asked)
        except httpx.InvalidURL:
            raise RefusedAnswer(f"{asked}: that is no address", remedy="Correct the address.", code="source_address_unusable") from None
        except httpx.HTTPError as error:
            raise SourceUnreachable(
                f"{asked} got no answer ({type(error).__name__})",
                remedy="Check the network, the proxy and the firewall between the connector and this host.",
            ) from None
        answer = self._answer(response, raw, asked, secrets, may_be_list=may_be_list)
        return replace(answer, body=_without(answer.body, drop)) if drop else answer

    async def _read(self, response: httpx.Response, asked: str) -> bytes:
        parts: list[bytes] = []
        size = 0
        async for part in response.aiter_bytes():
            size += len(part)
            if size > self._largest:
                raise RefusedAnswer(
                    f"the answer to {asked} is larger than {self._largest} bytes",
                    remedy="Lower ROLLCALL_CONNECTOR_PAGE_SIZE or raise ROLLCALL_CONNECTOR_LARGEST_ANSWER.",
                    code="source_answer_too_large",
                )
            parts.append(part)
        return b"".join(parts)

    @staticmethod
    def _answer(response: httpx.Response, raw: bytes, asked: str, secrets: tuple[str, ...], *, may_be_list: bool) -> Answer:
        # A source that repeats what it was sent must not put it into records either: previews and errors show them.
        raw = _blotted(raw, {form for secret in (*secrets, *_sent(response.request)) for form in _forms(secret)})
        body = read_json(raw)
        # What is not a page is only quoted: its words are put right here, once. A page's records are looked at one by one.
        body = body if response.is_success else storable(body)
        items = body if may_be_list and isinstance(body, list) else None
        if response.is_success and not isinstance(body, dict) and items is None:
            kind = response.headers.get("content-type", "nothing named")[:80]
            raise NotJson(
                f"the answer to {asked} is not a JSON object (content type: {kind})",
                remedy="A proxy or a wrong host may have answered in the source's place; check the URL and the network.",
                source_status=response.status_code,
            )
        is_json = isinstance(body, dict)
        next_link = response.links.get("next", {}).get("url")
        return Answer(
            response.status_code, body if is_json else {}, is_json, now(), _retry_after(response), items, next_link, _source_time(response)
        )


@lru_cache(maxsize=64)
def _address(url: str) -> httpx.URL:
    """Return an address, read once: pages of a listing differ in their query alone. Raises `httpx.InvalidURL`."""
    return httpx.URL(url)


def _without(told: Any, keys: frozenset[str]) -> Any:
    if isinstance(told, dict):
        return {key: _without(value, keys) for key, value in told.items() if key not in keys}
    return [_without(one, keys) for one in told] if isinstance(told, list) else told


def _sent(request: httpx.Request) -> list[str]:
    """Return what signed the request: a token or a signature is as good as the secret behind it, for a while."""
    return str(request.headers.get("authorization", "")).split()


def _forms(secret: str) -> set[str]:
    """Return how a source may write what it was sent: as it is, in JSON, in an address, in base64."""
    encoded = b64encode(secret.encode()).decode().rstrip("=")
    return {secret, orjson.dumps(secret).decode()[1:-1], dumps(secret)[1:-1], quote(secret, safe=""), quote_plus(secret), encoded}


def _blotted(raw: bytes, forms: set[str]) -> bytes:
    for form in sorted(forms, key=len, reverse=True):
        if len(form) >= SHORTEST_SECRET:
            raw = raw.replace(form.encode(), b"********")
    return raw


def _retry_after(response: httpx.Response) -> float | None:
    """Return the seconds that `Retry-After` asks for, in either of its forms."""
    told = response.headers.get("retry-after", "").strip()
    if not told:
        return None
    if told.isdecimal():
        return float(told)
    try:
        moment = parsedate_to_datetime(told)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now()).total_seconds())


def _source_time(response: httpx.Response) -> datetime | None:
    """Return what the source's clock says, by the header `Date`."""
    try:
        moment = parsedate_to_datetime(response.headers.get("date", ""))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

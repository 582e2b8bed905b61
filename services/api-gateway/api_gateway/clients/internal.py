"""The base of the gateway's clients."""

from typing import Any
from urllib.parse import quote

from typing_extensions import override

from shared.errors import Unauthenticated, UpstreamRefused
from shared.http.client import ServiceClient


class InternalClient(ServiceClient):
    """Calls another service for an account that is signed in. Errors come through as they are, but for one."""

    @override
    async def call(self, method: str, path: str, **more: Any) -> Any:
        """Return the answer's JSON. A service that does not know us is not the caller's fault: raises `UpstreamRefused`."""
        try:
            return await super().call(method, path, **more)
        except Unauthenticated as error:
            raise UpstreamRefused(f"the {self.audience}: {error.message}", code="service_token_refused", remedy=error.remedy) from error


def steps(*named: str) -> str:
    """Return steps of a path, whatever they hold: none of them may end the path, or go another way."""
    # Dots, too: an HTTP client leaves the step before out where one is "..".
    return "/".join(quote(step, safe="").replace(".", "%2E") for step in named)

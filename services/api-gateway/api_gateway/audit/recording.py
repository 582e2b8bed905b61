"""Around every request: once its answer is known and before it leaves, a mutating call is written down."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api_gateway.audit.audit import write_entry
from api_gateway.auth.access import BASE
from api_gateway.auth.authentication import Account
from shared.ids import new_id
from shared.observability.correlation import current_correlation
from shared.observability.logging import get_logger
from shared.unit import Units

log = get_logger(__name__)

READS = frozenset({"GET", "HEAD", "OPTIONS"})
AGENTS = f"{BASE}/agent/"
"""Below it agents ask for work and deliver it, many times a minute; the log of each run says what they did."""


class Audited:
    """ASGI middleware. Calls that no account made are not written: they changed nothing, and anybody could fill the table."""

    def __init__(self, app: ASGIApp, units: Units) -> None:
        self._app = app
        self._units = units

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or scope["method"] in READS:
            await self._app(scope, receive, send)
            return
        answered = False
        scope.setdefault("state", {})

        async def sending(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                await self._record(scope, message["status"])
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception:
            if not answered:
                await self._record(scope, 500)
            raise

    async def _record(self, scope: Scope, status: int) -> None:
        account: Account | None = scope["state"].get("account")
        if account is None or (account.role == "agent" and scope["path"].startswith(AGENTS)):
            return
        call = {"method": scope["method"], "route": scope["route"].path, "target": scope["path"]}
        try:
            async with self._units.begin(actor=account.name) as unit:
                await write_entry(unit.session, account, **call, status=status, correlation_id=current_correlation() or new_id())
        except Exception:
            log.exception("audit_not_written", account=account.name, **call, status=status)

"""The feeds for security monitoring: events and alerts of the last day, and from a cursor on."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from fastapi import APIRouter, Request, Response
from orjson import JSONDecodeError, dumps, loads

from sophos_central_simulator.queries import Query
from sophos_central_simulator.requests import answer, query_of, scoped, tenants_of
from sophos_central_simulator.siem_rows import alert_row, event_row
from sophos_central_simulator.signals import DAY, Position

Json = dict[str, Any]

EVENTS, ALERTS = "/siem/v1/events", "/siem/v1/alerts"
DEFAULT_LIMIT, LARGEST_LIMIT = 200, 1000
router = APIRouter()


@router.get(EVENTS)
async def list_events(request: Request) -> Response:
    """Return what happened, oldest first, and the cursor for what comes after it."""
    return answer(_batch(request, alerts=False))


@router.get(ALERTS)
async def list_alerts(request: Request) -> Response:
    """Return the alerts that were raised, oldest first, whether or not somebody dealt with them."""
    return answer(_batch(request, alerts=True))


def _batch(request: Request, *, alerts: bool) -> Json:
    tenant = scoped(request)
    query = query_of(request, tenant)
    limit = query.size(LARGEST_LIMIT, name="limit", usual=DEFAULT_LIMIT)
    seen = _position(query, int(tenants_of(request).clock.now().timestamp() * 1000))
    without = set(query.many("exclude_types"))
    items: list[Json] = []
    has_more = False
    for signal in tenant.signals.after(seen, alerts=alerts):
        if signal.kind.type not in without:
            if len(items) == limit:
                has_more = True
                break
            items.append((alert_row if alerts else event_row)(tenant, signal))
        seen = signal.position
    # At the tail nothing moves on: the cursor that was sent comes back.
    return {"has_more": has_more, "next_cursor": _cursor(seen), "items": items}


def _cursor(position: Position) -> str:
    return urlsafe_b64encode(dumps(position)).rstrip(b"=").decode()


def _position(query: Query, now: int) -> Position:
    """Return what was seen already: all that the cursor says, or all before `from_date`, or before the last day. Raises `Refused` (400)."""
    if text := query.params.get("cursor", ""):
        try:
            at, number = loads(urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)))
            if type(at) is int and type(number) is int and 0 <= at < 1 << 43:
                return at, number
        except (ValueError, TypeError, binascii.Error, JSONDecodeError):
            pass
        query.malformed("cursor")
    elif "from_date" in query.params:
        asked = query.number("from_date", 0) * 1000
        # A client reckons the last day before it asks; a minute is what its request may take.
        if asked >= now - DAY - 60_000:
            return asked, -1
        query.malformed("from_date")
    return now - DAY, -1

"""Alerts that wait for somebody: list, search, read, act."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

from fastapi import APIRouter, Request, Response
from starlette.datastructures import QueryParams

from sophos_central_simulator.errors import Refused
from sophos_central_simulator.keys import keyed_page, row_of_key, sorted_from
from sophos_central_simulator.moments import moment_in
from sophos_central_simulator.people import stamp
from sophos_central_simulator.queries import Query, partial
from sophos_central_simulator.requests import answer, id_of, json_object, query_of, scoped, tenants_of, writable
from sophos_central_simulator.signal_kinds import SEVERITIES
from sophos_central_simulator.signals import Position, Signal
from sophos_central_simulator.tenants import Tenant

Json = dict[str, Any]
Test = Callable[[Signal], bool]

ALERTS = "/common/v1/alerts"
LARGEST_SIZE = 100
KEPT_FOR = timedelta(days=90)
SORTABLE = ("id", "raisedAt", "severity", "category", "product", "type")
router = APIRouter()


@router.get(ALERTS)
async def list_alerts(request: Request) -> Response:
    """Return a page of alerts, from a key on; without a sort the oldest come first."""
    tenant = scoped(request)
    return answer(_page(request, tenant, query_of(request, tenant)))


@router.post(ALERTS + "/search")
async def search_alerts(request: Request) -> Response:
    """Return a page of alerts as the list does; what is asked stands in the body. Whoever may only read may search."""
    tenant = scoped(request)
    asked = [(name, _text(name, value)) for name, value in json_object(await request.body()).items() if value is not None]
    return answer(_page(request, tenant, Query(QueryParams(asked), tenant.switches)))


@router.get(ALERTS + "/{alert_id}")
async def read_alert(request: Request, alert_id: str) -> Response:
    """Return one alert."""
    tenant = scoped(request)
    alert = _shown(tenant, _alert(request, tenant, alert_id))
    return answer(partial(alert, query_of(request, tenant).many("fields")))


@router.post(ALERTS + "/{alert_id}/actions")
async def act(request: Request, alert_id: str) -> Response:
    """Take one of the actions that the alert allows; it is dealt with then."""
    tenant = writable(request)
    alert = _alert(request, tenant, alert_id)
    action = json_object(await request.body()).get("action")
    if action not in alert.kind.actions:
        raise Refused(400, f"action is not one of {', '.join(alert.kind.actions)}")
    tenant.signals.close(alert)
    told = {"id": str(uuid4()), "alertId": tenant.signals.id_of(alert), "action": action, "status": "requested", "result": "success"}
    return answer({**told, "requestedAt": stamp(tenants_of(request).clock.now())}, 201)


def _page(request: Request, tenant: Tenant, query: Query) -> Json:
    tests, order = _tests(request, tenant, query), query.order(SORTABLE)
    first = row_of_key(query, order)

    def every(after: Position) -> Iterator[Signal]:
        return (one for one in tenant.signals.after(after, alerts=True) if all(test(one) for test in tests))

    def rows() -> Iterator[Json]:
        oldest = _oldest(request)
        if order:
            return iter(sorted_from([_brief(tenant, one) for one in every(oldest)], order, first))
        if first and (from_here := tenant.signals.named(first["id"])) is not None:
            at, number = from_here.position
            oldest = max(oldest, (at, number - 1))
        elif first:
            query.malformed("pageFromKey")
        return (_brief(tenant, one) for one in every(oldest))

    def count() -> int:
        return sum(1 for _ in every(_oldest(request)))

    return keyed_page(query, LARGEST_SIZE, order, rows(), count=count, shown=lambda row: _shown(tenant, row["signal"]))


def _oldest(request: Request) -> Position:
    """Return the position before the oldest alert that is kept."""
    return int((tenants_of(request).clock.now() - KEPT_FOR).timestamp() * 1000), -1


def _tests(request: Request, tenant: Tenant, query: Query) -> list[Test]:
    """Return what an alert must pass; `from` and `to` are both inclusive. Raises `Refused` (400)."""
    now = tenants_of(request).clock.now()
    tests: list[Test] = [lambda one: tenant.switches.closed_alerts_listed or not tenant.signals.is_closed(one)]
    if since := moment_in(query, "from", now):
        tests.append(lambda one: stamp(one.at) >= since)
    if until := moment_in(query, "to", now):
        tests.append(lambda one: stamp(one.at) <= until)
    if severities := _severities(query):
        tests.append(lambda one: one.kind.severity in severities)
    # Sophos has more of both than can come up here: an unknown one finds nothing.
    if categories := set(query.many("category")):
        tests.append(lambda one: one.kind.category in categories)
    if products := set(query.many("product")):
        tests.append(lambda one: _product(tenant, one) in products)
    if ids := {one.lower() for one in query.many("ids")}:
        tests.append(lambda one: tenant.signals.id_of(one) in ids)
    if group := query.params.get("groupKey", ""):
        tests.append(lambda one: one.kind.group_key == group)
    return tests


def _severities(query: Query) -> set[str]:
    asked = set(query.many("severity"))
    if not asked.issubset(SEVERITIES):
        query.malformed("severity")
    return asked.intersection(SEVERITIES)


def _alert(request: Request, tenant: Tenant, alert_id: str) -> Signal:
    """Return the alert that a path names. Raises `Refused` (400, 404)."""
    alert = tenant.signals.named(id_of(alert_id, tenant, "alertId"))
    if alert is None or not alert.kind.category or alert.position < _oldest(request):
        raise Refused(404, "Alert not found")
    if tenant.signals.is_closed(alert) and not tenant.switches.closed_alerts_listed:
        raise Refused(404, "Alert not found")
    return alert


def _product(tenant: Tenant, alert: Signal) -> str:
    return "server" if tenant.signals.is_on_server(alert) else "endpoint"


def _brief(tenant: Tenant, alert: Signal) -> Json:
    """Return what alerts are sorted by; their devices are made for those that are shown only."""
    kind = alert.kind
    shown = {"severity": kind.severity, "category": kind.category, "product": _product(tenant, alert), "type": kind.type}
    return {"id": tenant.signals.id_of(alert), "raisedAt": stamp(alert.at), **shown, "signal": alert}


def _shown(tenant: Tenant, alert: Signal) -> Json:
    kind, device = alert.kind, tenant.fleet.at(alert.device)
    person = device.get("associatedPerson", {})
    return {
        "id": tenant.signals.id_of(alert),
        "allowedActions": list(kind.actions),
        "category": kind.category,
        "description": kind.about(device["hostname"]),
        "groupKey": kind.group_key,
        "managedAgent": {"id": device["id"], "type": device["type"]},
        **({"person": {"id": person["id"]}} if "id" in person else {}),
        "product": _product(tenant, alert),
        "raisedAt": stamp(alert.at) if tenant.switches.raised_at_zoned else stamp(alert.at)[:-1],
        "severity": kind.severity,
        "tenant": {"id": tenant.id, "name": tenant.directory.domain},
        "type": kind.type,
    }


def _text(name: str, value: Any) -> str:
    """Return a value of a search as it would stand in a query. Raises `Refused` (400)."""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ",".join(value)
    if isinstance(value, str | int | float):
        return str(value)
    raise Refused(400, f"{name} is not valid")

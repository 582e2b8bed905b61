"""Events and alerts as the feeds for security monitoring show them: in snake case."""

from typing import Any

from sophos_central_simulator.people import stamp
from sophos_central_simulator.signals import Signal
from sophos_central_simulator.tenants import Tenant

Json = dict[str, Any]


def event_row(tenant: Tenant, signal: Signal) -> Json:
    """Return an event."""
    kind, device = signal.kind, tenant.fleet.at(signal.device)
    row = {
        "id": tenant.signals.id_of(signal),
        "customer_id": tenant.id,
        "severity": kind.severity,
        "created_at": stamp(signal.at),
        "when": stamp(signal.at),
        "type": kind.type,
        "name": kind.about(device["hostname"]),
        "group": kind.group,
        "location": device["hostname"],
        "endpoint_id": device["id"],
        "endpoint_type": device["type"],
        "source_info": {"ip": device["ipv4Addresses"][0]},
    }
    return row | _person(device) | ({"threat": kind.threat} if kind.threat else {})


def alert_row(tenant: Tenant, signal: Signal) -> Json:
    """Return an alert. Unlike an event it has every field, null where there is nothing to say."""
    kind, device = signal.kind, tenant.fleet.at(signal.device)
    alert_id, person = tenant.signals.id_of(signal), _person(device)
    moment = signal.position[0]
    data = {
        "created_at": moment,
        "endpoint_id": device["id"],
        "endpoint_java_id": device["id"],
        "endpoint_platform": device["os"]["platform"],
        "endpoint_type": device["type"],
        "event_service_id": alert_id,
        "inserted_at": moment,
        "source_info": {"ip": device["ipv4Addresses"][0]},
    }
    return {
        "id": alert_id,
        "customer_id": tenant.id,
        "severity": kind.severity,
        "created_at": stamp(signal.at),
        "when": stamp(signal.at),
        "type": kind.type,
        "description": kind.about(device["hostname"]),
        "location": device["hostname"],
        "source": person.get("source"),
        "threat": kind.threat or None,
        "threat_cleanable": False if kind.threat else None,
        "info": None,
        "event_service_event_id": alert_id,
        "data": data | ({"user_match_id": person["user_id"]} if "user_id" in person else {}),
    }


def _person(device: Json) -> Json:
    """Return who uses the device: by id while they are in the directory, by login always."""
    person = device.get("associatedPerson", {})
    named = {"source": person.get("viaLogin"), "user_id": person.get("id")}
    return {name: value for name, value in named.items() if value}

"""Sophos Central: GET /endpoint/v1/endpoints. Devices, each with the person it is assigned to."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _device(who: Somebody) -> dict[str, Any]:
    return {
        "id": PEOPLE[-who.number].guid,
        "type": "computer",
        "tenant": {"id": "11111111-1111-4111-8111-111111111111"},
        "hostname": f"LT-{who.login.split('.')[0].upper()}-{who.number}",
        "serialNumber": f"5CG{who.hexadecimal[:7].upper()}",
        "health": {
            "overall": "good",
            "threats": {"status": "good"},
            "services": {"status": "good", "serviceDetails": [{"name": "Sophos Agent", "status": "running"}]},
        },
        "os": {"isServer": False, "platform": "windows", "name": "Windows 11 Pro", "majorVersion": 10, "minorVersion": 0, "build": 22631},
        "ipv4Addresses": [f"192.0.2.{who.number}"],
        "ipv6Addresses": [f"2001:db8::{who.number}"],
        "macAddresses": [f"00:00:5E:00:53:0{who.number}"],
        "associatedPerson": {"name": who.full, "viaLogin": f"EXAMPLE\\{who.login}", "id": who.guid},
        "group": {"name": f"{who.department} laptops"},
        "tamperProtectionEnabled": True,
        "assignedProducts": [{"code": "coreAgent", "version": "2024.1.1", "status": "installed"}],
        "lastSeenAt": who.moment(2026, ".000Z"),
        "encryption": {"volumes": [{"volumeId": who.guid, "status": "encrypted"}]},
        "isolation": {"status": "notIsolated", "adminIsolated": False, "selfIsolated": False},
    }


SHAPE = Shape(
    name="Sophos endpoints",
    application="Sophos Endpoint Security",
    describes="device",
    records=[_device(who) for who in PEOPLE],
    person={
        "username": at("associatedPerson.viaLogin"),
        "full_name": at("associatedPerson.name"),
        "application_user_id": at("associatedPerson.id"),
        "first_name": at("associatedPerson.name"),
        "last_name": at("associatedPerson.name"),
        "serial_number": at("serialNumber"),
        "device_name": at("hostname"),
        "operating_system": at("os.name", "os.platform"),
        "mac_address": at("macAddresses.0", "macAddresses"),
        "ip_address": at("ipv4Addresses.0", "ipv4Addresses"),
        "last_seen": at("lastSeenAt"),
    },
)

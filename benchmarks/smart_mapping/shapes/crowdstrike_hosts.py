"""CrowdStrike Falcon: POST /devices/entities/devices/v2."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _host(who: Somebody) -> dict[str, Any]:
    return {
        "device_id": who.hexadecimal,
        "cid": "0123456789abcdef0123456789abcdef",
        "agent_load_flags": "0",
        "agent_version": "7.15.18511.0",
        "bios_manufacturer": "LENOVO",
        "bios_version": "N3MET17W",
        "external_ip": "203.0.113.7",
        "mac_address": f"00-00-5e-00-53-2{who.number}",
        "hostname": f"PC-{who.number:03d}",
        "first_seen": who.moment(2023),
        "last_seen": who.moment(2026),
        "last_login_user": who.login,
        "last_login_timestamp": who.moment(2026),
        "local_ip": f"192.0.2.{who.number}",
        "machine_domain": "corp.example.com",
        "major_version": "10",
        "minor_version": "0",
        "os_version": "Windows 11",
        "os_build": "22631",
        "ou": [who.department],
        "platform_id": "0",
        "platform_name": "Windows",
        "policies": [{"policy_type": "prevention", "applied": True, "settings_hash": "d4cbb29"}],
        "product_type_desc": "Workstation",
        "site_name": "Default-First-Site-Name",
        "status": "normal",
        "system_manufacturer": "LENOVO",
        "system_product_name": "ThinkPad T14 Gen 4",
        "serial_number": f"PF{who.hexadecimal[:6].upper()}",
        "tags": [],
        "modified_timestamp": who.moment(2026),
        "meta": {"version": str(who.number * 100)},
    }


SHAPE = Shape(
    name="CrowdStrike hosts",
    application="CrowdStrike Falcon",
    describes="device",
    records=[_host(who) for who in PEOPLE],
    person={
        "username": at("last_login_user"),
        "serial_number": at("serial_number"),
        "device_name": at("hostname"),
        "operating_system": at("platform_name", "os_version"),
        "os_version": at("os_version", "os_build"),
        "model": at("system_product_name"),
        "manufacturer": at("system_manufacturer", "bios_manufacturer"),
        "mac_address": at("mac_address"),
        "ip_address": at("local_ip"),
        "last_seen": at("last_seen"),
    },
)

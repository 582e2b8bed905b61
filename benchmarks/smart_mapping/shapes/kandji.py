"""Kandji: GET /api/v1/devices."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _device(who: Somebody) -> dict[str, Any]:
    return {
        "device_id": PEOPLE[-who.number].guid,
        "device_name": f"{who.first.split()[0]}-MBP",
        "model": "MacBook Air (M2, 2022)",
        "serial_number": f"FVF{who.hexadecimal[:7].upper()}",
        "platform": "Mac",
        "os_version": "14.5",
        "supplemental_build_version": "23F79",
        "last_check_in": who.moment(2026, ".123456Z"),
        "user": {"email": who.email, "name": who.full, "id": str(who.number), "is_archived": False},
        "asset_tag": f"T{who.number}",
        "blueprint_id": "b1",
        "mdm_enabled": True,
        "agent_installed": True,
        "is_missing": False,
        "is_removed": False,
        "agent_version": "3.5.1",
        "first_enrollment": who.moment(2024, ".123456Z"),
        "last_enrollment": who.moment(2025, ".123456Z"),
        "blueprint_name": "Laptops Europe",
        "lost_mode_status": "",
        "tags": [],
    }


SHAPE = Shape(
    name="Kandji",
    application="Kandji",
    describes="device",
    records=[_device(who) for who in PEOPLE],
    person={
        "username": at("user.email"),
        "email": at("user.email"),
        "full_name": at("user.name"),
        "first_name": at("user.name"),
        "last_name": at("user.name"),
        "application_user_id": at("user.id"),
        "serial_number": at("serial_number"),
        "device_name": at("device_name"),
        "operating_system": at("platform"),
        "os_version": at("os_version"),
        "model": at("model"),
        "last_seen": at("last_check_in"),
    },
)

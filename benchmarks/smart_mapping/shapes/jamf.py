"""Jamf Pro: GET /api/v1/computers-inventory?section=GENERAL&section=HARDWARE&section=OPERATING_SYSTEM&section=USER_AND_LOCATION."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _device(who: Somebody) -> dict[str, Any]:
    return {
        "id": str(who.number),
        "udid": who.guid.upper(),
        "general": {
            "name": f"{who.first.split()[0]}\u2019s MacBook Pro",
            "lastIpAddress": f"198.51.100.{who.number}",
            "lastReportedIp": f"192.0.2.{who.number}",
            "jamfBinaryVersion": "11.3.0",
            "platform": "Mac",
            "barcode1": "",
            "assetTag": f"A{5000 + who.number}",
            "remoteManagement": {"managed": True},
            "supervised": True,
            "lastContactTime": who.moment(2026, ".000Z"),
            "reportDate": who.moment(2026, ".000Z"),
            "lastEnrolledDate": who.moment(2024, ".000Z"),
            "initialEntryDate": "2024-03-01",
            "managementId": who.guid,
            "site": {"id": "1", "name": "Europe"},
        },
        "userAndLocation": {
            "username": who.login,
            "realname": who.full,
            "email": who.email,
            "position": who.title,
            "phone": who.phone if who.number != 4 else "",
            "departmentId": str(who.number),
            "buildingId": "1",
            "room": "2.01",
        },
        "hardware": {
            "make": "Apple",
            "model": "MacBook Pro (14-inch, 2023)",
            "modelIdentifier": "Mac14,9",
            "serialNumber": f"C02{who.hexadecimal[:7].upper()}X",
            "processorType": "Apple M2 Pro",
            "macAddress": f"00:00:5E:00:53:1{who.number}",
            "networkAdapterType": "IEEE80211",
            "appleSilicon": True,
        },
        "operatingSystem": {
            "name": "macOS",
            "version": "14.5",
            "build": "23F79",
            "activeDirectoryStatus": "Not Bound",
            "fileVault2Status": "ALL_ENCRYPTED",
        },
    }


SHAPE = Shape(
    name="Jamf Pro",
    application="Jamf Pro",
    describes="device",
    records=[_device(who) for who in PEOPLE],
    person={
        "username": at("userAndLocation.username"),
        "email": at("userAndLocation.email"),
        "full_name": at("userAndLocation.realname"),
        "job_title": at("userAndLocation.position"),
        "phone": at("userAndLocation.phone"),
        "first_name": at("userAndLocation.realname"),
        "last_name": at("userAndLocation.realname"),
        "serial_number": at("hardware.serialNumber"),
        "device_name": at("general.name"),
        "operating_system": at("operatingSystem.name"),
        "os_version": at("operatingSystem.version"),
        "model": at("hardware.model"),
        "manufacturer": at("hardware.make"),
        "mac_address": at("hardware.macAddress"),
        "ip_address": at("general.lastReportedIp", "general.lastIpAddress"),
        "last_seen": at("general.lastContactTime"),
    },
)

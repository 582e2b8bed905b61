"""Microsoft Intune: GET /v1.0/deviceManagement/managedDevices."""

from typing import Any

from benchmarks.smart_mapping.people import PEOPLE, Somebody
from benchmarks.smart_mapping.shape import Shape, at


def _device(who: Somebody) -> dict[str, Any]:
    return {
        "id": PEOPLE[-who.number].guid,
        "userId": who.guid,
        "deviceName": f"DESKTOP-{who.hexadecimal[:7].upper()}",
        "managedDeviceOwnerType": "company",
        "enrolledDateTime": who.moment(2024),
        "lastSyncDateTime": who.moment(2026),
        "operatingSystem": "Windows",
        "complianceState": "compliant",
        "jailBroken": "Unknown",
        "managementAgent": "mdm",
        "osVersion": "10.0.22631.3737",
        "easActivated": True,
        "easDeviceId": who.hexadecimal,
        "azureADRegistered": True,
        "deviceEnrollmentType": "windowsAzureADJoin",
        "emailAddress": who.email,
        "azureADDeviceId": who.guid,
        "deviceRegistrationState": "registered",
        "deviceCategoryDisplayName": "Laptops",
        "isEncrypted": True,
        "userPrincipalName": who.email,
        "model": "Latitude 7440",
        "manufacturer": "Dell Inc.",
        "imei": "",
        "serialNumber": who.hexadecimal[:7].upper(),
        "phoneNumber": "",
        "userDisplayName": who.full,
        "subscriberCarrier": "",
        "wiFiMacAddress": f"00005E00532{who.number}",
        "ethernetMacAddress": None,
        "deviceHealthAttestationState": None,
        "partnerReportedThreatState": "unknown",
        "managedDeviceName": f"{who.login}_Windows_6/5/2024",
        "totalStorageSpaceInBytes": 511_000_000_000,
        "notes": None,
    }


SHAPE = Shape(
    name="Intune",
    application="Microsoft Intune",
    describes="device",
    records=[_device(who) for who in PEOPLE],
    person={
        "username": at("userPrincipalName"),
        "email": at("emailAddress"),
        "full_name": at("userDisplayName"),
        "application_user_id": at("userId"),
        "first_name": at("userDisplayName"),
        "last_name": at("userDisplayName"),
        "serial_number": at("serialNumber"),
        "device_name": at("deviceName"),
        "operating_system": at("operatingSystem"),
        "os_version": at("osVersion"),
        "model": at("model"),
        "manufacturer": at("manufacturer"),
        "mac_address": at("wiFiMacAddress"),
        "last_seen": at("lastSyncDateTime"),
        "phone": at("phoneNumber"),
    },
)

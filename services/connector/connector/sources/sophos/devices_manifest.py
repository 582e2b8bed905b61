"""What the provider `sophos-endpoints` is, needs and offers."""

from connector.sources.sophos.manifest import SOPHOS_CENTRAL, TENANT_INPUTS, field
from connector.sources.sophos.tenants import DATA_REGION, TENANT_ID
from shared.api.sources import Preset, ProviderOut


def _preset(operation: str, name: str, description: str, *, destructive: bool = False) -> Preset:
    return Preset(
        key=f"sophos-{operation}",
        name=name,
        block="api_call",
        description=description,
        operation=operation,
        destructive=destructive,
        inputs=[TENANT_ID, DATA_REGION],
        in_workflows=False,
    )


MANIFEST = ProviderOut(
    key="sophos-endpoints",
    name="Sophos Endpoint Security devices",
    application="Sophos Endpoint Security",
    description="Reads the computers and servers of Sophos Central: health, system, assigned person, tamper protection, isolation.",
    object_type="device",
    credential_kinds=["oauth2_client_credentials"],
    credential_application=SOPHOS_CENTRAL,
    inputs=TENANT_INPUTS,
    source_fields=[
        field("id", "ID", "id"),
        field("hostname", "Hostname", "hostname"),
        field("type", "Type", "type"),
        field("tenant", "Tenant", "tenant", "id"),
        field("serial_number", "Serial number", "serialNumber"),
        field("health", "Health", "health", "overall"),
        field("threats", "Threat health", "health", "threats", "status"),
        field("services", "Service health", "health", "services", "status"),
        field("os_name", "Operating system", "os", "name"),
        field("os_platform", "Platform", "os", "platform"),
        field("os_major_version", "OS major version", "os", "majorVersion", data_type="number"),
        field("os_minor_version", "OS minor version", "os", "minorVersion", data_type="number"),
        field("os_build", "OS build", "os", "build", data_type="number"),
        field("is_server", "Is a server", "os", "isServer", data_type="boolean"),
        field("person_id", "Assigned person: ID", "associatedPerson", "id"),
        field("person_name", "Assigned person: name", "associatedPerson", "name"),
        field("person_login", "Assigned person: login", "associatedPerson", "viaLogin"),
        field("tamper_protection_enabled", "Tamper protection on", "tamperProtectionEnabled", data_type="boolean"),
        field("tamper_protection_supported", "Tamper protection supported", "tamperProtectionSupported", data_type="boolean"),
        field("isolation_status", "Isolation", "isolation", "status"),
        field("isolated_by_admin", "Isolated by an administrator", "isolation", "adminIsolated", data_type="boolean"),
        field("isolated_by_itself", "Isolated by itself", "isolation", "selfIsolated", data_type="boolean"),
        field("encryption", "Encryption", "encryption", "overallStatus"),
        field("lockdown", "Lockdown", "lockdown", "status"),
        field("group", "Group", "group", "name"),
        field("ipv4", "IPv4 address", "ipv4Addresses", "0"),
        field("mac", "MAC address", "macAddresses", "0"),
        field("online", "Online", "online", data_type="boolean"),
        field("last_seen_at", "Last seen at", "lastSeenAt", data_type="datetime"),
        field("cloud_provider", "Cloud provider", "cloud", "provider"),
    ],
    presets=[
        _preset("isolate-endpoint", "Sophos Isolate Endpoint", "Cuts the device off the network.", destructive=True),
        _preset("release-endpoint", "Sophos Release Endpoint", "Lets the device into the network again."),
        _preset("scan-endpoint", "Sophos Scan Endpoint", "Asks the device for a full scan."),
        _preset("check-endpoint-updates", "Sophos Check Endpoint Updates", "Asks the device to look for updates."),
        _preset("enable-tamper-protection", "Sophos Enable Tamper Protection", "Switches tamper protection on."),
        _preset("disable-tamper-protection", "Sophos Disable Tamper Protection", "Switches tamper protection off."),
        _preset("delete-endpoint", "Sophos Delete Endpoint", "Removes the device from Sophos Central.", destructive=True),
    ],
)

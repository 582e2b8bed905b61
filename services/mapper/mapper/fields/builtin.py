"""The fields that every installation has."""

from typing import Any

from shared.api.fields import DataType, FieldOut
from shared.events.records import RecordType


def _field(object_type: RecordType, key: str, label: str, data_type: DataType = "text", **more: Any) -> FieldOut:
    options = {"unique": False, "mandatory": False, "history": True, "editable": True, **more}
    return FieldOut(object_type=object_type, key=key, label=label, data_type=data_type, builtin=True, **options)


PERSON = (
    _field("person", "username", "Username", unique=True, mandatory=True),
    _field("person", "email", "Email", unique=True, mandatory=True),
    _field("person", "full_name", "Full name"),
    _field("person", "first_name", "First name"),
    _field("person", "last_name", "Last name"),
    _field("person", "role", "Role", mandatory=True),
    _field("person", "tags", "Tags", "text_list"),
    _field("person", "source_created_at", "Created at in source", "datetime", editable=False),
    _field("person", "source_updated_at", "Updated at in source", "datetime", editable=False),
    _field("person", "source_type", "Source of user", editable=False),
    _field("person", "synced_at", "Connector sync time", "datetime", editable=False, history=False),
    _field("person", "credential_name", "Connect: Credentials", editable=False),
    _field("person", "data_region", "Connect: Data Region", editable=False),
    _field("person", "tenant_id", "Connect: Tenant ID", editable=False),
)
SAAS_USER = (
    _field("saas_user", "person_id", "Person", editable=False),
    _field("saas_user", "saas_instance_id", "SaaS instance", editable=False),
    _field("saas_user", "saas_name", "SaaS name", editable=False),
    _field("saas_user", "integration_id", "Integration", editable=False),
    _field("saas_user", "source_id", "User identifier in SaaS", editable=False),
    _field("saas_user", "username", "Username", editable=False),
    _field("saas_user", "email", "Email", editable=False),
    _field("saas_user", "full_name", "Full name", editable=False),
    _field("saas_user", "roles", "Roles", "text_list", as_set=True),
    _field("saas_user", "role_ids", "Role identifiers in SaaS", "text_list", as_set=True, editable=False),
    _field("saas_user", "tags", "Tags", "text_list"),
    _field("saas_user", "deactivated", "Deactivated", "boolean"),
    _field("saas_user", "deactivated_at", "Deactivated at", "datetime", editable=False),
    _field("saas_user", "to_be_deleted", "To be deleted in SaaS", "boolean"),
    _field("saas_user", "missing_since", "Missing since", "datetime", editable=False),
    _field("saas_user", "deleted_in_source_at", "Deleted in SaaS at", "datetime", editable=False),
    _field("saas_user", "returned_at", "Returned at", "datetime", editable=False),
    _field("saas_user", "last_activity_at", "Last activity date", "datetime"),
)
ASSET = (
    _field("asset", "device_id", "Device identifier in source", unique=True, mandatory=True, editable=False),
    _field("asset", "hostname", "Hostname"),
    _field("asset", "asset_type", "Asset type"),
    _field("asset", "serial_number", "Serial number"),
    _field("asset", "manufacturer", "Manufacturer"),
    _field("asset", "model", "Model"),
    _field("asset", "os_name", "Operating system"),
    _field("asset", "os_platform", "Platform"),
    _field("asset", "ip_address", "IP address"),
    _field("asset", "mac_address", "MAC address"),
    _field("asset", "tags", "Tags", "text_list"),
    _field("asset", "health", "Health", editable=False),
    _field("asset", "encryption", "Encryption", editable=False),
    _field("asset", "isolation_status", "Isolation", editable=False),
    _field("asset", "tamper_protection_enabled", "Tamper protection on", "boolean", editable=False),
    _field("asset", "last_seen_at", "Last seen at", "datetime", editable=False, history=False),
    _field("asset", "assigned_source_id", "Assigned person: identifier in source", editable=False),
    _field("asset", "assigned_name", "Assigned person: name", editable=False),
    _field("asset", "assigned_login", "Assigned person: login", editable=False),
    _field("asset", "person_id", "Person", editable=False),
    _field("asset", "missing_since", "Missing since", "datetime", editable=False),
    _field("asset", "returned_at", "Returned at", "datetime", editable=False),
    _field("asset", "synced_at", "Connector sync time", "datetime", editable=False, history=False),
    _field("asset", "credential_name", "Connect: Credentials", editable=False),
    _field("asset", "data_region", "Connect: Data Region", editable=False),
    _field("asset", "tenant_id", "Connect: Tenant ID", editable=False),
)
BUILTIN: dict[RecordType, tuple[FieldOut, ...]] = {"person": PERSON, "saas_user": SAAS_USER, "asset": ASSET}
OF_ROLLCALL = {"asset": frozenset({"person_id", "missing_since", "returned_at"})}
"""Fields that follow from other things, so that no mapping may write them."""

"""What the provider `sophos-users` is, needs and offers."""

from connector.sources.sophos.enriching import CHOICES, INCLUDE
from connector.sources.sophos.tenants import ALL, CHOICE, DATA_REGION, TENANT_ID, TENANTS
from shared.api.sources import InputField, Preset, ProviderOut, SourceField

SOPHOS_CENTRAL = "Sophos Central"
"""What one API credential of a customer signs in to, whether users or devices are read with it."""


def field(key: str, label: str, *path: str, data_type: str = "text") -> SourceField:
    """Return a field of the source's records."""
    return SourceField.model_validate({"key": key, "label": label, "path": list(path), "data_type": data_type})


TENANT_INPUTS = [
    InputField(
        key=TENANT_ID,
        label="Tenant ID",
        variable="Sophos.Tenant ID",
        description="The id of the Sophos Central tenant, as the credential test shows it.",
        required_unless=TENANTS,
    ),
    InputField(
        key=DATA_REGION,
        label="Data Region",
        variable="Sophos.Data Region",
        description="The URL of the tenant's regional host, as the credential test shows it.",
        required_unless=TENANTS,
    ),
    InputField(
        key=TENANTS,
        label="Tenants",
        variable="Sophos.Tenants",
        description="For the credential of a partner or an organization: all, or the ids of the tenants meant, separated by commas.",
        required=False,
        pattern=CHOICE,
        example=f"{ALL}, or ids such as 11111111-1111-4111-8111-111111111111",
    ),
]

INCLUDED = InputField(
    key=INCLUDE,
    label="Include",
    description="What else is read of each user: groups by name, roles as an administrator. Costs some requests for each run.",
    data_type="choices",
    choices=CHOICES,
    required=False,
)

MANIFEST = ProviderOut(
    key="sophos-users",
    name="Sophos Endpoint Security users",
    application="Sophos Endpoint Security",
    description="Reads the people of a Sophos Central tenant, looks their role up, and deletes them there.",
    quick_runs=True,
    credential_kinds=["oauth2_client_credentials"],
    credential_application=SOPHOS_CENTRAL,
    inputs=[*TENANT_INPUTS, INCLUDED],
    source_fields=[
        field("id", "ID", "id"),
        field("name", "Full name", "name"),
        field("first_name", "First name", "firstName"),
        field("last_name", "Last name", "lastName"),
        field("email", "Email", "email"),
        field("domain", "Domain", "domain"),
        field("exchange_login", "Exchange login", "exchangeLogin"),
        field("source_type", "Source of User", "source", "type"),
        field("tenant", "Tenant", "tenant", "id"),
        field("groups", "Groups", "groupNames", "text"),
        field("admin_roles", "Roles as administrator", "adminRoles", "text"),
        field("created_at", "Created at", "createdAt", data_type="datetime"),
        field("updated_at", "Updated at", "updatedAt", data_type="datetime"),
    ],
    presets=[
        Preset(
            key="sophos-saas-user-role",
            name="Sophos SaaS User Role",
            block="saas_user_role_retrieval",
            description="Looks the users up in Sophos Central: whoever is there has the role User.",
            operation="lookup-users",
            destructive=False,
            inputs=[TENANT_ID, DATA_REGION],
        ),
        Preset(
            key="sophos-delete-user",
            name="Sophos Delete User",
            block="api_call",
            description="Deletes the user in Sophos Central, and reads back that they are gone.",
            operation="delete-user",
            destructive=True,
            inputs=[TENANT_ID, DATA_REGION],
        ),
    ],
)

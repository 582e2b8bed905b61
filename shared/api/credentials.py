"""Credentials: one shape for each kind of signing in, secrets write-only, and what a test of one says."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Discriminator, Field, SecretStr, StringConstraints, Tag

from shared.api.base import In, Moment, Name, Out
from shared.api.variables import InputRef

Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Link = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^https?://")]
Secret = Annotated[SecretStr, Field(min_length=1, max_length=4000)]
Pem = Annotated[str, Field(min_length=1, max_length=100_000, pattern=r"-----BEGIN ")]
Secrets = SecretStr | dict[Word, SecretStr]
FieldValue = str | list[str] | dict[Word, str]
SecretPem = Annotated[SecretStr, Field(min_length=1, max_length=100_000)]


class CredentialBase(In):
    """What every kind of credential has. Secrets are write-only."""

    name: Name
    provider: str = "sophos-users"
    expires_at: Moment | None = Field(default=None, description="When the source stops taking it. Of mutual TLS: the certificate's end.")


class BasicIn(CredentialBase):
    """A user name and a password, in the Authorization header."""

    kind: Literal["basic"] = "basic"
    username: Word
    password: Secret


class ApiKeyIn(CredentialBase):
    """A fixed value in a header or in the query."""

    kind: Literal["api_key"] = "api_key"
    key_name: Word = Field(default="Authorization", description="The header's or the parameter's name.")
    value: Secret
    placement: Literal["header", "query"] = "header"


class ClientCredentialsIn(CredentialBase):
    """OAuth 2.0 client credentials: exchanged for a token that is renewed in time."""

    kind: Literal["oauth2_client_credentials"] = "oauth2_client_credentials"
    client_id: Word
    client_secret: SecretStr = Field(min_length=1, max_length=500)
    token_url: Link | None = Field(default=None, description="Where the token comes from; left out where the provider knows.")
    scopes: list[Annotated[str, Field(pattern=r"^\S{1,200}$")]] = Field(default_factory=list, max_length=50)


class AwsIn(CredentialBase):
    """An AWS access key; every request is signed (Signature Version 4)."""

    kind: Literal["aws_sigv4"] = "aws_sigv4"
    access_key_id: Word
    secret_access_key: Secret
    session_token: Secret | None = None
    region: Word
    service: Word


class SessionIn(CredentialBase):
    """A login request that answers with a token, which later requests carry in a header."""

    kind: Literal["session"] = "session"
    method: Literal["POST", "PUT"] = "POST"
    url: Link
    body: dict[Word, Annotated[str, Field(max_length=4000)]] = Field(
        default_factory=dict, max_length=50, description="Fields to log in with."
    )
    secret_body: dict[Word, Secret] = Field(default_factory=dict, max_length=50, description="More of them, write-only.")
    token_path: str = Field(default="token", min_length=1, max_length=400, description="Where the token is in the answer: `data.token`.")
    header_name: Word = "Authorization"
    header_prefix: str = Field(default="Bearer", max_length=50, description="What stands before the token in the header; may be empty.")


class MutualTlsIn(CredentialBase):
    """A client certificate that is shown when the connection opens."""

    kind: Literal["mutual_tls"] = "mutual_tls"
    certificate: Pem = Field(description="The certificate and what signed it, as PEM.")
    private_key: SecretPem
    key_password: Secret | None = None


def _kind(given: Any) -> Any:
    return given.get("kind", "oauth2_client_credentials") if isinstance(given, dict) else getattr(given, "kind", None)


CredentialIn = Annotated[
    Annotated[BasicIn, Tag("basic")]
    | Annotated[ApiKeyIn, Tag("api_key")]
    | Annotated[ClientCredentialsIn, Tag("oauth2_client_credentials")]
    | Annotated[AwsIn, Tag("aws_sigv4")]
    | Annotated[SessionIn, Tag("session")]
    | Annotated[MutualTlsIn, Tag("mutual_tls")],
    Discriminator(_kind),
]
"""What signs in to a source; client credentials where no kind is said."""


class SecretIn(In):
    """New secrets for a stored credential, and the fields that change with them, such as an access key's id."""

    secrets: dict[Word, Secrets] = Field(min_length=1, description="Every secret that the kind needs, by field name. Write-only.")
    fields: dict[Word, FieldValue] = Field(default_factory=dict, description="Fields that change too; the others stay.")
    expires_at: Moment | None = Field(default=None, description="When the source stops taking the new secrets.")


class CredentialPatch(In):
    """What may change about a credential beside its secrets; what is left out stays."""

    name: Name | None = None
    expires_at: Moment | None = Field(default=None, description="null: it does not expire. Of mutual TLS: no later than the certificate.")


class CredentialUse(Out):
    """An active workflow signs in with a credential."""

    workflow: str
    credential_id: UUID


def revealed(given: BaseModel) -> dict[str, Any]:
    """Return a body with its secrets in the open, to send it on: the one place where they leave their `SecretStr`."""
    whole: dict[str, Any] = _revealed(given.model_dump(exclude_none=True))
    return whole


def _revealed(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, datetime):
        return value.isoformat()
    return {key: _revealed(inner) for key, inner in value.items()} if isinstance(value, dict) else value


class ExpiryWarning(Out):
    """A credential ends soon, or has ended."""

    days_left: int = Field(description="Whole days; 0 on the last one and after it.")
    message: str
    remedy: str


class CredentialOut(Out):
    """A credential without its secrets."""

    id: UUID
    name: str
    kind: str
    provider: str
    client_id: str | None = Field(default=None, description="Of client credentials.")
    fields: dict[str, str] = Field(default_factory=dict, description="Everything about it that is not secret, by field name.")
    created_at: datetime
    changed_at: datetime = Field(description="When its secrets were last given.")
    expires_at: datetime | None = None
    warning: ExpiryWarning | None = Field(default=None, description="From 30 days before it expires.")
    last_tested_at: datetime | None = None
    last_test_ok: bool | None = None


class CredentialTestIn(In):
    """Inputs to compare with what the source says. Without them the provider's usual global variables are compared."""

    inputs: dict[str, InputRef] | None = None


class TestCheck(Out):
    """One thing that a credential test looked at."""

    __test__ = False

    name: str
    ok: bool
    message: str
    remedy: str | None = None


Known = Literal["yes", "no", "unknown"]


class CredentialMay(Out):
    """What a credential may do at the source, as far as that shows without changing anything there."""

    read: Known = "unknown"
    delete: Known = "unknown"
    remark: str | None = Field(default=None, description="Why something is unknown.")


class CredentialTestOut(Out):
    """What works with a credential, and what does not."""

    ok: bool
    checks: list[TestCheck]
    may: CredentialMay = Field(default_factory=CredentialMay)
    id_type: str | None = None
    tenant_id: str | None = None
    data_region: str | None = Field(default=None, description="The URL of the tenant's regional host, as the source says.")

"""What the connector can be told."""

from base64 import urlsafe_b64decode
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from connector.sources.settings import SourceSettings
from shared.config import ServiceSettings

KEY_BYTES = 32


def key_bytes(key: SecretStr) -> bytes:
    """Return the 32 bytes of a base64 key, in either alphabet. Raises `ValueError`, which never repeats the key."""
    text = key.get_secret_value().strip().replace("+", "-").replace("/", "_")
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raw = b""
    if len(raw) != KEY_BYTES:
        raise ValueError("must be 32 random bytes in base64, such as `openssl rand -base64 32` prints")
    return raw


def _usable_key(key: SecretStr) -> SecretStr:
    key_bytes(key)
    return key


class ConnectorSettings(SourceSettings, ServiceSettings):
    """Read once at start, passed down, never a global."""

    model_config = SettingsConfigDict(env_prefix="ROLLCALL_CONNECTOR_", frozen=True, extra="ignore", hide_input_in_errors=True)

    port: int = Field(default=8081, ge=0, le=65_535, description="The port of the internal API; 0 takes any free one.")
    encryption_key: Annotated[SecretStr, AfterValidator(_usable_key)] = Field(
        description="Encrypts stored credentials: 32 random bytes in base64. Lost, they stay unreadable. Embedded: made at first start."
    )
    lease_seconds: float = Field(
        default=30, ge=1, le=600, description="How long a worker owns a run without a sign of life; then another one takes it over."
    )
    worker_poll: float = Field(default=0.25, ge=0.01, le=60, description="Seconds between looks for runs that wait for a worker.")
    max_parallel_runs: int = Field(default=4, ge=1, le=64, description="Runs that one process works on at once.")
    applying_hours: float = Field(
        default=6, ge=0.01, le=168, description="How long a run may wait for its pages to be applied before it is called failed."
    )
    operation_seconds: float = Field(default=60, ge=1, le=600, description="How long one operation at a source may take.")

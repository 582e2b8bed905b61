"""What the connector can be told."""

from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator
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


def old_keys(keys: SecretStr | None) -> list[SecretStr]:
    """Return the keys that one setting holds."""
    return [SecretStr(key) for key in keys.get_secret_value().split()] if keys else []


def _usable_keys(keys: SecretStr | None) -> SecretStr | None:
    for key in old_keys(keys):
        key_bytes(key)
    return keys


class ConnectorSettings(SourceSettings, ServiceSettings):
    """Read once at start, passed down, never a global."""

    model_config = SettingsConfigDict(env_prefix="ROLLCALL_CONNECTOR_", frozen=True, extra="ignore", hide_input_in_errors=True)

    port: int = Field(default=8081, ge=0, le=65_535, description="The port of the internal API; 0 takes any free one.")
    encryption_key_file: Path | None = Field(default=None, description="A file that holds the encryption key, in its place.")
    encryption_key_command: str | None = Field(
        default=None,
        min_length=1,
        description="A command that prints the encryption key, in its place; run without a shell, for 30 seconds.",
    )
    encryption_key: Annotated[SecretStr | None, AfterValidator(_usable_keys)] = Field(
        default=None,
        validate_default=True,
        description="Encrypts stored credentials: 32 random bytes in base64. Lost, they stay unreadable. Exactly one of the key, its file "
        "and its command is needed. Embedded: made at first start.",
    )
    old_encryption_keys: Annotated[SecretStr | None, AfterValidator(_usable_keys)] = Field(
        default=None, description="Keys of before, separated by spaces, that stored credentials may still be read with."
    )
    lease_seconds: float = Field(
        default=30, ge=1, le=600, description="How long a worker owns a run without a sign of life; then another one takes it over."
    )
    worker_poll: float = Field(default=0.25, ge=0.01, le=60, description="Seconds between looks for runs that wait for a worker.")
    schedule_poll: float = Field(default=5, ge=0.05, le=60, description="Seconds between looks for schedules that are due.")
    max_parallel_runs: int = Field(default=4, ge=1, le=64, description="Runs that one process works on at once.")
    quarantine_failures: int = Field(
        default=3,
        ge=1,
        le=100,
        description="Failed runs in a row that bring an integration into quarantine; one refused credential does.",
    )
    quarantine_first_hours: float = Field(
        default=1, ge=0.001, le=168, description="The first pause of a quarantine; each next one doubles."
    )
    quarantine_longest_hours: float = Field(default=24, ge=0.001, le=720, description="The longest pause of a quarantine.")
    rewrite_stop_percent: int = Field(
        default=50, ge=0, le=100, description="Updates that a run makes unasked, in percent of its integration's records; above, it waits."
    )
    rewrite_stop_records: int = Field(
        default=10, ge=0, le=1_000_000, description="Updates that a run always makes unasked, however few records its integration has."
    )
    approval_days: float = Field(
        default=7,
        ge=0.01,
        le=180,
        description="How long a run may wait for approval before it is rejected by itself; less than ROLLCALL_MAPPER_KEEP_PLANS_DAYS.",
    )
    applying_hours: float = Field(
        default=6, ge=0.01, le=168, description="How long a run may wait for its pages to be applied before it is called failed."
    )
    agent_hours: float = Field(
        default=24, ge=0.01, le=720, description="How long a run may wait for its agent without a sign of life before it is called failed."
    )
    keep_runs_days: float = Field(
        default=90,
        ge=1,
        le=3_650,
        description="How long ended runs are kept, with their pages, errors and logs; the last full one always is.",
    )
    file_rows: int = Field(default=1_000_000, ge=1, le=10_000_000, description="Rows; an uploaded file that has more is refused.")
    files_at_once: int = Field(default=2, ge=1, le=64, description="Uploaded files that one process reads at once; further ones wait.")
    keep_files: int = Field(default=3, ge=1, le=100, description="Uploaded files of each integration whose rows are kept: the newest.")
    keep_files_days: float = Field(
        default=30, ge=0.01, le=3_650, description="How long the rows of an uploaded file are kept, also those of the newest."
    )
    keep_records_days: float = Field(
        default=30, ge=1, le=3_650, description="How long the raw records of errors are kept after a run's end."
    )
    smtp_host: str | None = Field(
        default=None, min_length=1, description="The mail server for notices; without one nobody is told by e-mail."
    )
    smtp_port: int = Field(default=587, ge=1, le=65_535, description="The mail server's port.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="How the connection to the mail server is protected; `none` only within one machine."
    )
    smtp_user: str | None = Field(default=None, min_length=1, description="The account at the mail server, if it asks for one.")
    smtp_password: SecretStr | None = Field(default=None, description="The password of that account.")
    smtp_from: str = Field(default="rollcall@localhost", min_length=3, max_length=320, description="The sender of notices.")
    operation_seconds: float = Field(default=60, ge=1, le=600, description="How long one operation at a source may take.")

    @field_validator("encryption_key")
    @classmethod
    def _exactly_one_key(cls, key: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        given = [key, info.data.get("encryption_key_file"), info.data.get("encryption_key_command")]
        if sum(one is not None for one in given) != 1:
            raise ValueError("give exactly one of the key, its file (…_FILE) and its command (…_COMMAND)")
        return key

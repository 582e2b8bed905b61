"""Settings: read once at start from the environment, checked, passed down; never a global.

Every variable begins with `ROLLCALL_`; those of one service with `ROLLCALL_<SERVICE>_`. A name that nobody knows is
refused at start with the nearest one that exists: a misspelt limit must not pass for a default.
"""

import difflib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import Invalid
from shared.validation import why

PREFIX = "ROLLCALL_"
S = TypeVar("S", bound=BaseSettings)


class BadSettings(Invalid):
    """The environment holds a setting that is unknown or out of bounds."""

    code = "bad_settings"


class CommonSettings(BaseSettings):
    """What every service is told in the same way."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True)

    data_dir: Path = Field(
        default=Path("rollcall-data"),
        description="Where the embedded mode keeps its SQLite files, its dead letters and the keys it made for itself.",
    )
    bus_url: SecretStr | None = Field(
        default=None,
        description="RabbitMQ, as amqp://user:password@host:port/vhost. Unset: the in-process bus, with all services in one process.",
    )
    bus_name: str = Field(
        default="rollcall", pattern=r"^[a-z][a-z0-9-]{0,40}$", description="Prefix of the exchange and queues on the broker."
    )
    service_key: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Signs the tokens that services show each other; the same for all. Embedded: made at first start.",
    )
    metrics_token: SecretStr | None = Field(
        default=None, min_length=16, description="Bearer token that may read /metrics. Unset: /metrics is refused."
    )
    connector_url: str = Field(default="http://127.0.0.1:8081", pattern=r"^https?://", description="Where the connector's internal API is.")
    mapper_url: str = Field(default="http://127.0.0.1:8082", pattern=r"^https?://", description="Where the mapper's internal API is.")
    workflow_engine_url: str = Field(
        default="http://127.0.0.1:8083", pattern=r"^https?://", description="Where the workflow engine's internal API is."
    )
    time_zone: str = Field(
        default="UTC",
        max_length=64,
        description="The zone whose days count in rules, such as *today* or *days backward*: an IANA name like Europe/Berlin.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="The least severe lines that are logged.")
    log_format: Literal["json", "console"] = Field(default="json", description="json for machines, console for people.")
    largest_file: int = Field(
        default=32 * 1024 * 1024,
        ge=1024,
        le=1024**3,
        description="Bytes; an uploaded file that is larger is refused, and so is a workbook that unpacks to more than ten times as many.",
    )
    host: str = Field(default="127.0.0.1", description="The address that servers listen on.")
    shutdown_seconds: float = Field(
        default=20, ge=1, le=600, description="How long a service may finish its work after it was told to stop."
    )

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, given: str) -> str:
        try:
            ZoneInfo(given)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("is no time zone; use an IANA name such as Europe/Berlin, or UTC") from None
        return given

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the installation."""
        return ZoneInfo(self.time_zone)


class ServiceSettings(BaseSettings):
    """The base of one service's settings: its database, its port, its outbox."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    database_url: SecretStr = Field(description="postgresql://user:password@host/database or sqlite:///path/to/file.")
    outbox_poll: float = Field(default=0.5, ge=0.01, le=60, description="Seconds between looks at an empty outbox.")


def load(kind: type[S], **overrides: Any) -> S:
    """Read settings from the environment. Raises `BadSettings`, which names each variable and what it may be."""
    try:
        return kind(**overrides)
    except ValidationError as error:
        prefix = str(kind.model_config.get("env_prefix", ""))
        problems = [
            {"field": (prefix + "_".join(str(step) for step in problem["loc"])).upper(), "message": why(problem)}
            for problem in error.errors(include_input=False, include_url=False)
        ]
        words = "; ".join(f"{problem['field']}: {problem['message']}" for problem in problems)
        raise BadSettings(
            f"settings are not usable: {words}", remedy="Correct the named variables and start again.", fields=problems
        ) from None


def known_names(kinds: Iterable[type[BaseSettings]]) -> set[str]:
    """Return every environment variable that `kinds` read."""
    return {f"{kind.model_config.get('env_prefix', '')}{name}".upper() for kind in kinds for name in kind.model_fields}


def refuse_unknown(kinds: Iterable[type[BaseSettings]], environment: Mapping[str, str] | None = None) -> None:
    """Raise `BadSettings` when a variable with our prefix is one that nobody reads."""
    environment = os.environ if environment is None else environment
    known = known_names(kinds)
    problems = []
    for name in sorted(name for name in environment if name.upper().startswith(PREFIX) and name.upper() not in known):
        near = difflib.get_close_matches(name.upper(), known, n=1)
        problems.append({"field": name, "message": "no such setting" + (f"; did you mean {near[0]}?" if near else "")})
    if problems:
        words = "; ".join(f"{problem['field']}: {problem['message']}" for problem in problems)
        raise BadSettings(words, remedy="Correct or unset them; `rollcall config` lists every setting.", fields=problems)

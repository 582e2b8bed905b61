"""What everybody who speaks to sources can be told: the connector, and an agent on somebody else's host."""

import ipaddress
from typing import Annotated, Self
from urllib.parse import urlsplit

import httpx
from pydantic import AfterValidator, Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from connector.rates.policy import PolicyName


def fit_for_secrets(url: str) -> str:
    """Refuse to send secrets unencrypted over a network that is not our own."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None or parts.query or parts.fragment:
        raise ValueError("must look like https://host or https://host:port")
    if parts.scheme == "http" and not _is_private(parts.hostname):
        raise ValueError("must be https: plain http is for a simulator on this machine or in a private network")
    return url.rstrip("/")


def _is_private(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host


SourceUrl = Annotated[str, AfterValidator(fit_for_secrets)]


class SourceSettings(BaseSettings):
    """How sources are reached, and how patient we are with them."""

    model_config = SettingsConfigDict(env_prefix="ROLLCALL_CONNECTOR_", frozen=True, extra="ignore", hide_input_in_errors=True)

    sophos_id_url: SourceUrl = Field(default="https://id.sophos.com", description="Where Sophos Central signs API credentials in.")
    sophos_global_url: SourceUrl = Field(
        default="https://api.central.sophos.com",
        description="Sophos Central's global API host. Regional hosts must share its parent domain, or be this very host.",
    )
    private_networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = Field(
        default=(),
        description='Inner networks that typed-in addresses may reach all the same, over http too: a JSON list such as ["10.1.0.0/16"].',
    )
    page_size: int = Field(default=100, ge=1, le=100, description="Users asked for at once; Sophos allows at most 100.")
    device_page_size: int = Field(default=500, ge=1, le=500, description="Devices asked for at once; Sophos allows at most 500.")
    http_connect_seconds: float = Field(default=5, ge=0.1, le=60, description="How long a connection to a source may take to open.")
    http_read_seconds: float = Field(default=30, ge=0.1, le=300, description="How long a source may keep silent while it answers.")
    largest_answer: int = Field(
        default=16 * 1024 * 1024, ge=1024, le=256 * 1024 * 1024, description="Bytes; an answer of a source that is larger is refused."
    )
    retry_attempts: int = Field(default=5, ge=1, le=20, description="How often a read at a source is tried before it counts as failed.")
    retry_first_seconds: float = Field(default=0.5, ge=0, le=60, description="The pause before the second try; it doubles from there.")
    retry_longest_seconds: float = Field(default=30, ge=0, le=600, description="The longest pause between two tries.")
    retry_after_limit: float = Field(
        default=300, ge=0, le=3600, description="Seconds; a source that asks for a longer pause (Retry-After) makes the call fail instead."
    )
    rate_policy: PolicyName = Field(
        default="enforced",
        description="Which of Sophos' published limits are kept ahead of time: enforced (100 a minute with bursts to 300, 200,000 a day), "
        "recommended (10 a second and 1,000 an hour too), or off, which only a simulator in a private network may be.",
    )
    quick_overlap_seconds: float = Field(
        default=300, ge=0, le=86_400, description="How far before the last run's beginning a quick run reads back: clocks differ."
    )
    read_back_seconds: float = Field(
        default=5, ge=0, le=120, description="How long a deletion may take to show at the source before its outcome counts as unknown."
    )

    @property
    def timeout(self) -> httpx.Timeout:
        """How long a request to a source may take."""
        return httpx.Timeout(self.http_read_seconds, connect=self.http_connect_seconds)

    @model_validator(mode="after")
    def _limits_hold_outside(self) -> Self:
        host = urlsplit(self.sophos_global_url).hostname or ""
        if self.rate_policy == "off" and not _is_private(host):
            raise ValueError("RATE_POLICY may be off for a simulator in a private network only; use enforced or recommended")
        return self

"""What the simulator can be told."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

DOMAIN = r"^[a-z0-9]([a-z0-9.-]{0,198}[a-z0-9])?$"
UUID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
MOST_USERS = 1_000_000
MOST_EVENTS_PER_DAY = 10_000


class SimulatorSettings(BaseSettings):
    """Read from `SOPHOS_SIMULATOR_*`, or given. With `users` set there is a tenant from the start."""

    model_config = SettingsConfigDict(env_prefix="SOPHOS_SIMULATOR_", frozen=True, extra="ignore", hide_input_in_errors=True)

    host: str = Field(default="127.0.0.1", min_length=1, description="The address that it listens on.")
    port: int = Field(default=8090, ge=0, le=65535, description="The port; 0 takes any free one.")
    public_url: str | None = Field(
        default=None, pattern=r"^https?://", description="The base URL that it names as its own; otherwise the one it was asked at."
    )
    control_token: SecretStr = Field(min_length=16, description="Opens the control API.")

    users: int | None = Field(default=None, ge=0, le=MOST_USERS, description="People in the first tenant; not set: no tenant at the start.")
    endpoints: int = Field(default=0, ge=0, le=MOST_USERS, description="Devices in the first tenant, each of somebody in it.")
    events_per_day: int = Field(
        default=0, ge=0, le=MOST_EVENTS_PER_DAY, description="Events that those devices report each day, every fifth with an alert."
    )
    seed: int = Field(default=7, description="What the first tenant's people follow from.")
    awkward: bool = Field(default=False, description="Whether the first tenant has the odd people of real directories too.")
    credential_of: Literal["tenant", "partner", "organization"] = Field(
        default="tenant", description="Whose the first credential is; a partner's or organization's speaks for several tenants."
    )
    tenants: int = Field(
        default=4,
        ge=1,
        le=1000,
        description="Tenants of that partner or organization, each with `users`, `endpoints` and `events_per_day`.",
    )
    email_domain: str = Field(default="example.com", pattern=DOMAIN, description="The first tenant's e-mail domain.")
    tenant_id: str | None = Field(default=None, pattern=UUID, description="The first tenant's id; otherwise a new one.")
    client_id: str | None = Field(default=None, pattern=UUID, description="The first tenant's client id; otherwise a new one.")
    client_secret: SecretStr | None = Field(default=None, min_length=1, description="The first tenant's secret; otherwise a new one.")

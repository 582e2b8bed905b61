"""What the simulator can be told."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class SimulatorSettings(BaseSettings):
    """Read from `SOPHOS_SIMULATOR_*`, or given."""

    model_config = SettingsConfigDict(env_prefix="SOPHOS_SIMULATOR_", frozen=True, extra="ignore", hide_input_in_errors=True)

    host: str = Field(default="127.0.0.1", description="The address that it listens on.")
    port: int = Field(default=8090, ge=0, le=65535, description="The port; 0 takes any free one.")
    public_url: str | None = Field(
        default=None, description="The base URL that it names as its regional host; otherwise the one it was asked at."
    )
    control_token: SecretStr = Field(min_length=16, description="Opens the control API.")

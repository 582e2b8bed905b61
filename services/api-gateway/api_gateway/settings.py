"""What the API gateway can be told."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.config import ServiceSettings


class GatewaySettings(ServiceSettings):
    """Read once at start, passed down, never a global. Where the other services are stands in the common settings."""

    model_config = SettingsConfigDict(env_prefix="ROLLCALL_GATEWAY_", frozen=True, extra="ignore", hide_input_in_errors=True)

    port: int = Field(default=8080, ge=0, le=65_535, description="The port of the public API; 0 takes any free one.")
    export_records: int = Field(
        default=1_000_000,
        ge=1,
        le=1_048_575,
        description="Records that one export may hold; a sheet of a workbook has no more rows than that.",
    )

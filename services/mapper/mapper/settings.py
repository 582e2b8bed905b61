"""What the mapper can be told."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.config import ServiceSettings


class MapperSettings(ServiceSettings):
    """Read once at start, passed down, never a global."""

    model_config = SettingsConfigDict(env_prefix="ROLLCALL_MAPPER_", frozen=True, extra="ignore", hide_input_in_errors=True)

    port: int = Field(default=8082, ge=0, le=65_535, description="The port of the internal API; 0 takes any free one.")

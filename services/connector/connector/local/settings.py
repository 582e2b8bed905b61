"""What an agent can be told."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from connector.sources.settings import SourceSettings, SourceUrl


class AgentSettings(SourceSettings):
    """Read once by `rollcall agent`, on the host whose sources it reads; no service reads them."""

    model_config = SettingsConfigDict(env_prefix="ROLLCALL_AGENT_", frozen=True, extra="ignore", hide_input_in_errors=True)

    gateway_url: SourceUrl = Field(
        description="Where Rollcall's gateway is, as https://host; http only on this machine or in a private network."
    )
    gateway_ca_file: Path | None = Field(
        default=None, description="A PEM file with the authorities that the gateway's certificate may come from, in place of the system's."
    )
    token: SecretStr | None = Field(
        default=None, description="The API token of the agent's account. Unset: the file, then the keyring's secret `token`."
    )
    token_file: Path | None = Field(default=None, description="A file that holds the token.")
    credentials_file: Path = Field(
        default=Path("rollcall-agent.toml"), description="Where the credentials are described; their secrets may be kept elsewhere."
    )
    poll_seconds: float = Field(default=10, ge=0.05, le=3600, description="Seconds between questions for a run that is due.")
    longest_pause: float = Field(
        default=60, ge=0.1, le=3600, description="The longest pause, in seconds, between tries while the gateway does not answer."
    )
    max_parallel_runs: int = Field(default=2, ge=1, le=16, description="Runs that it works on at once.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="The least severe lines that are logged.")
    log_format: Literal["json", "console"] = Field(default="console", description="json for machines, console for people.")

    @model_validator(mode="after")
    def _one_token(self) -> Self:
        if self.token is not None and self.token_file is not None:
            raise ValueError("give the token (ROLLCALL_AGENT_TOKEN) or its file (ROLLCALL_AGENT_TOKEN_FILE), not both")
        return self

"""What the workflow engine can be told."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.config import ServiceSettings


class WorkflowEngineSettings(ServiceSettings):
    """The workflow engine's settings."""

    model_config = SettingsConfigDict(env_prefix="ROLLCALL_WORKFLOW_ENGINE_", frozen=True, extra="ignore", hide_input_in_errors=True)

    port: int = Field(default=8083, ge=0, le=65535, description="The port of the internal API; 0 takes a free one.")
    workers: int = Field(default=2, ge=0, le=32, description="Batches of steps that one process works on at once; 0: none.")
    worker_poll: float = Field(default=0.5, ge=0.01, le=60, description="Seconds between looks for steps that wait for a worker.")
    lease_seconds: float = Field(
        default=8, ge=0.1, le=10, description="How long a worker owns its steps without a sign of life; then another one takes them over."
    )
    max_attempts: int = Field(default=8, ge=1, le=50, description="How often a step is tried before it takes its Failure exit.")
    retry_first_seconds: float = Field(default=2, ge=0, le=600, description="The pause before the second attempt; it doubles from there.")
    retry_longest_seconds: float = Field(default=60, ge=0, le=3600, description="The longest pause between two attempts of a step.")
    operation_seconds: float = Field(default=120, ge=1, le=600, description="How long one operation of the connector may take.")
    parallel_operations: int = Field(default=4, ge=1, le=64, description="Operations that one batch of steps asks for at once.")
    sweep_page: int = Field(default=500, ge=1, le=500, description="Records that a sweep starts in one transaction.")
    stop_seconds: float = Field(default=10, ge=0, le=600, description="How long steps in work may finish when the service stops.")

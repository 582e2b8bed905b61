"""What the mapper can be told."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.config import ServiceSettings


class MapperSettings(ServiceSettings):
    """Read once at start, passed down, never a global."""

    model_config = SettingsConfigDict(env_prefix="ROLLCALL_MAPPER_", frozen=True, extra="ignore", hide_input_in_errors=True)

    port: int = Field(default=8082, ge=0, le=65_535, description="The port of the internal API; 0 takes any free one.")
    guard_day_records: int = Field(
        default=5, ge=0, le=1_000_000, description="Losses in 24 hours that always pass in a SaaS instance, however small it is."
    )
    guard_day_percent: int = Field(
        default=5, ge=0, le=100, description="Losses in 24 hours that pass, in percent of the SaaS instance's living users."
    )
    guard_week_records: int = Field(
        default=10, ge=0, le=1_000_000, description="Losses in 7 days that always pass in a SaaS instance, however small it is."
    )
    guard_week_percent: int = Field(
        default=10, ge=0, le=100, description="Losses in 7 days that pass, in percent of the SaaS instance's living users."
    )
    guard_evidence_hours: int = Field(
        default=24,
        ge=1,
        le=720,
        description="Hours for which the proof of a withheld loss is good, and in which a released deletion is done.",
    )
    rewrite_probation_records: int = Field(
        default=10, ge=0, le=1_000_000, description="Updates that a run always writes at once, however few records its integration has."
    )
    rewrite_probation_percent: int = Field(
        default=5,
        ge=0,
        le=100,
        description="Updates that a run writes at once, in percent of its integration's records; then its pages wait until all is read.",
    )
    bulk_edit_records: int = Field(
        default=10_000, ge=1, le=50_000, description="Records that one bulk edit may change; all of them change in one transaction."
    )
    keep_plans_days: float = Field(
        default=14,
        ge=0.01,
        le=365,
        description="How long plans are kept, and can be applied; longer than ROLLCALL_CONNECTOR_APPROVAL_DAYS, or what waits is lost.",
    )
    keep_revisions_days: float = Field(
        default=730,
        ge=1,
        le=36_500,
        description="How long every revision of a record is kept, and a run can be undone; older ones melt into one for each period.",
    )
    compact_revisions_days: float = Field(
        default=30, ge=1, le=3_650, description="The length, in days, of the periods of which one revision of a record is kept."
    )

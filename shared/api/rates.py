"""Request limits of sources: what is spent, and what a run will cost."""

from datetime import datetime

from pydantic import Field

from shared.api.base import Out


class LimitOut(Out):
    """One limit of a scope."""

    name: str
    free: float = Field(description="Requests that could be sent at once now, the reserve for people and workflows included.")
    most: float = Field(description="The most that can be free.")


class BudgetOut(Out):
    """What one scope, such as a Sophos tenant, may be asked."""

    scope: str
    limits: list[LimitOut]
    closed_until: datetime | None = Field(default=None, description="The source asked for silence until then (429).")


class ForecastOut(Out):
    """What a full run would cost now. Whoever is newly absent from its listing is asked for by id, which cannot be foreseen."""

    records: int
    requests: int
    questions: int = Field(
        default=0, description="Of the requests: for those whose absence is withheld or unclear since the last full run."
    )
    minutes: float = Field(description="From its first request to its last; applying what it read may take longer.")
    hour_left_percent: float | None = Field(description="What is left of the requests that the coming hour allows; null: no limits.")
    scopes: int = Field(description="Tenants, or whatever else has limits of its own.")

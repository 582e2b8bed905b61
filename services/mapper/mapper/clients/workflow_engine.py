"""What the mapper asks the workflow engine."""

from collections.abc import Sequence

from shared.api.forecasts import MatchesIn, MatchesOut, WorkflowForecast
from shared.events.records import Change, RecordType
from shared.http.client import ServiceClient


class WorkflowEngineClient(ServiceClient):
    """What changes of records would mean to workflows."""

    audience = "workflow-engine"

    async def matches(self, record_type: RecordType, changes: Sequence[Change], *, actor: str) -> list[WorkflowForecast]:
        """Return for each active workflow of the object type how many of at most 1,000 changes make its Begin rule true."""
        given = MatchesIn(record_type=record_type, changes=list(changes))
        return (await self.ask(MatchesOut, "POST", "/internal/matches", actor=actor, body=given)).workflows

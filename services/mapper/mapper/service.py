"""Starting and stopping the mapper."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
from fastapi import FastAPI

from mapper.clients.workflow_engine import WorkflowEngineClient
from mapper.consumers import subscriptions
from mapper.forecasts.working import forecasting
from mapper.guard.emptying import watched
from mapper.guard.limits import Limits
from mapper.history.retention import Kept
from mapper.http import app_of
from mapper.retention import tidied
from mapper.scope import Parts
from mapper.settings import MapperSettings
from mapper.tables import INBOX, OUTBOX, SCHEMA
from mapper.undo.working import undoing
from shared.bus.port import Bus
from shared.config import CommonSettings
from shared.service import at_work, founded


@asynccontextmanager
async def running(settings: MapperSettings, common: CommonSettings, bus: Bus, workflow_engine: httpx.AsyncClient) -> AsyncIterator[FastAPI]:
    """Everything the mapper needs is up inside this block and gone after it."""
    async with founded(schema=SCHEMA, outbox=OUTBOX, service="mapper", settings=settings, common=common, bus=bus) as foundation:
        limits, most = Limits.from_settings(settings), settings.bulk_edit_records
        parts = Parts(
            foundation.database,
            foundation.units,
            foundation.tokens,
            limits,
            common.zone,
            most,
            WorkflowEngineClient(workflow_engine, foundation.tokens),
        )
        kept = timedelta(days=settings.keep_plans_days)
        history = Kept(timedelta(days=settings.keep_revisions_days), timedelta(days=settings.compact_revisions_days))
        working = tidied(foundation.units, kept, history), undoing(foundation.database, foundation.units, parts.undo_asked)
        trays = watched(foundation.units)
        async with at_work(foundation, subscriptions, INBOX, parts=parts), working[0], working[1], trays, forecasting(parts):
            yield app_of(parts, common, foundation.checks)

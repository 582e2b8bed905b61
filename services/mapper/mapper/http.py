"""The mapper's app: everything under /internal, for services only."""

from fastapi import APIRouter, Depends, FastAPI

import mapper.applications.routes
import mapper.assets.routes
import mapper.authority.routes
import mapper.bulk_edits.routes
import mapper.checks.routes
import mapper.fields.routes
import mapper.filters.routes
import mapper.forecasts.routes
import mapper.guard.routes
import mapper.history.routes
import mapper.mappings.routes
import mapper.matching.routes
import mapper.merging.routes
import mapper.people.routes
import mapper.plans.routes
import mapper.records.routes
import mapper.rules.routes
import mapper.saas_instances.routes
import mapper.saas_users.routes
import mapper.samples.routes
import mapper.smart_mapping.routes
import mapper.undo.routes
from mapper.scope import Parts, calling
from shared.config import CommonSettings
from shared.http.app import create_app
from shared.http.health import Check

ROUTERS = (
    mapper.fields.routes.router,
    mapper.authority.routes.router,
    mapper.mappings.routes.router,
    mapper.filters.routes.router,
    mapper.forecasts.routes.router,
    mapper.smart_mapping.routes.router,
    mapper.samples.routes.router,
    mapper.checks.routes.router,
    mapper.applications.routes.router,
    mapper.saas_instances.routes.router,
    mapper.people.routes.router,
    mapper.saas_users.routes.router,
    mapper.assets.routes.router,
    mapper.records.routes.router,
    mapper.bulk_edits.routes.router,
    mapper.rules.routes.router,
    mapper.guard.routes.router,
    mapper.matching.routes.router,
    mapper.merging.routes.router,
    mapper.plans.routes.router,
    mapper.history.routes.router,
    mapper.undo.routes.router,
)


def app_of(parts: Parts, common: CommonSettings, checks: dict[str, Check]) -> FastAPI:
    """Return the app of a running mapper."""
    app = create_app(service="mapper", title="Rollcall mapper", checks=checks, metrics_token=common.metrics_token)
    app.state.parts = parts
    internal = APIRouter(prefix="/internal", dependencies=[Depends(calling)])
    for router in ROUTERS:
        internal.include_router(router)
    app.include_router(internal)
    return app

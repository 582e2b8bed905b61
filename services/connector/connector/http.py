"""The connector's app: its internal API, for the other services only."""

from collections.abc import Mapping

from fastapi import APIRouter, Depends, FastAPI
from pydantic import SecretStr

import connector.agents.routes
import connector.credentials.routes
import connector.files.routes
import connector.integrations.routes
import connector.notices.routes
import connector.operations.routes
import connector.providers.routes
import connector.rates.routes
import connector.runs.routes
import connector.schedules.routes
import connector.variables.routes
from connector.scope import Parts, calling
from shared.http.app import Uploads, create_app
from shared.http.health import Check


def build_app(parts: Parts, checks: Mapping[str, Check], metrics_token: SecretStr | None) -> FastAPI:
    """Return the app; every route under /internal asks for a service token."""
    uploads = Uploads("/files", parts.largest_file)
    app = create_app(service="connector", title="Rollcall connector", checks=checks, metrics_token=metrics_token, uploads=uploads)
    app.state.parts = parts
    internal = APIRouter(prefix="/internal", dependencies=[Depends(calling)])
    for subject in (
        connector.providers.routes,
        connector.credentials.routes,
        connector.variables.routes,
        connector.integrations.routes,
        connector.files.routes,
        connector.rates.routes,
        connector.runs.routes,
        connector.schedules.routes,
        connector.operations.routes,
        connector.notices.routes,
        connector.agents.routes,
    ):
        internal.include_router(subject.router)
    app.include_router(internal)
    return app

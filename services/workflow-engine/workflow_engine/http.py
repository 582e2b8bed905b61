"""The workflow engine's internal API."""

from collections.abc import Mapping

from fastapi import APIRouter, Depends, FastAPI
from pydantic import SecretStr

from shared.http.app import create_app
from shared.http.health import Check
from workflow_engine.blocks.routes import router as blocks
from workflow_engine.runs.routes import router as runs
from workflow_engine.scope import Parts, calling
from workflow_engine.triggers.forecasting import router as forecasts
from workflow_engine.workflows.routes import router as workflows
from workflow_engine.workflows.uses import router as uses


def build_app(parts: Parts, checks: Mapping[str, Check], metrics_token: SecretStr | None) -> FastAPI:
    """Return the app; every route but health asks for a service token."""
    app = create_app(service="workflow-engine", title="Rollcall workflow engine", checks=checks, metrics_token=metrics_token)
    app.state.parts = parts
    internal = APIRouter(prefix="/internal", dependencies=[Depends(calling)])
    for router in (blocks, workflows, uses, forecasts, runs):
        internal.include_router(router)
    app.include_router(internal)
    return app

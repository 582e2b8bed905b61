"""The gateway's app: the public API, every route of which has its line in the table of roles."""

from collections.abc import Iterator, Mapping

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import SecretStr
from starlette.middleware import Middleware

from api_gateway.api.v1 import (
    accounts,
    agents,
    audit,
    authority,
    bulk_edits,
    dead_letters,
    exports,
    files,
    guard,
    history,
    integrations,
    mappings,
    matching,
    notices,
    openapi,
    operations,
    rates,
    records,
    rules,
    runs,
    schedules,
    software,
    sources,
    views,
    workflows,
)
from api_gateway.audit.recording import Audited
from api_gateway.auth.access import check_complete
from api_gateway.scope import Parts
from shared.http.app import Uploads, create_app
from shared.http.health import Check

ROUTERS = (
    accounts.me,
    accounts.accounts,
    accounts.tokens,
    audit.router,
    sources.providers,
    sources.credentials,
    sources.variables,
    integrations.integrations,
    files.uploads,
    files.files,
    mappings.mappings,
    rates.rates,
    rates.forecasts,
    runs.of_integration,
    schedules.schedules,
    notices.notices,
    notices.contacts,
    runs.runs,
    records.fields,
    software.applications,
    software.saas_instances,
    records.people,
    records.saas_users,
    bulk_edits.router,
    views.router,
    exports.exports,
    exports.of_view,
    records.assets,
    rules.router,
    history.people,
    history.saas_users,
    history.assets,
    authority.authority,
    history.integrations,
    history.runs,
    history.undos,
    guard.router,
    matching.router,
    matching.people,
    matching.merges,
    operations.router,
    dead_letters.router,
    workflows.blocks,
    workflows.presets,
    workflows.workflows,
    workflows.workflow_runs,
    agents.agents,
    agents.agent,
    openapi.router,
)


def build_app(parts: Parts, checks: Mapping[str, Check], metrics_token: SecretStr | None, largest_file: int) -> FastAPI:
    """Return the app. Raises `TypeError` when a route has no line in the table of roles, or a line has no route."""
    check_complete(public_routes())
    # The document is served by a route of the API, which asks for a token; the framework's own would not.
    app = create_app(
        service="api-gateway", title="Rollcall API", checks=checks, metrics_token=metrics_token, uploads=Uploads("/files", largest_file)
    )
    app.state.parts = parts
    for router in ROUTERS:
        app.include_router(router)
    # Inside of the frame, so that an entry is written under the request's correlation id; around all attempts, so that there is one.
    app.user_middleware.insert(-1, Middleware(Audited, units=parts.units))
    return app


def public_routes() -> Iterator[tuple[str, str]]:
    """Give (method, path) of every route of the API."""
    for router in ROUTERS:
        for route in router.routes:
            if isinstance(route, APIRoute):
                yield from ((method, route.path) for method in route.methods or ())

"""The simulator's app: the routes, behind the gate that every request passes."""

from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from sophos_central_simulator import (
    admins,
    alerts,
    clock_control,
    control,
    endpoint_actions,
    endpoints,
    group_changes,
    groups,
    parents,
    roles,
    siem,
    sign_in,
    signal_control,
    users,
)
from sophos_central_simulator.errors import Refused
from sophos_central_simulator.gate import Gate
from sophos_central_simulator.requests import tenants_of
from sophos_central_simulator.settings import SimulatorSettings
from sophos_central_simulator.tenants import Parent, Tenant, Tenants


class Simulator(FastAPI):
    """The app. Its gate is outside of everything: it must hold the server's own `send` to drop a connection."""

    def __init__(self, tenants: Tenants, control_token: str, **settings: Any) -> None:
        super().__init__(**settings)
        self.state.tenants = tenants
        self._gate = Gate(super().__call__, tenants, control_token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        await self._gate(scope, receive, send)


def create_simulator(settings: SimulatorSettings) -> FastAPI:
    """Return the app. `state.tenants` holds its tenants: the one that the settings ask for, and those made through the control API."""
    tenants = Tenants()
    token = settings.control_token.get_secret_value()
    app = Simulator(
        tenants, token, title="Sophos Central simulator", openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    app.state.public_url = settings.public_url
    app.state.first_tenant = first_tenant(tenants, settings)
    app.state.first_parent = first_parent(tenants, settings)
    for router in (
        control.router,
        clock_control.router,
        signal_control.router,
        sign_in.router,
        users.router,
        groups.router,
        group_changes.router,
        endpoints.router,
        endpoint_actions.router,
        parents.router,
        admins.router,
        roles.router,
        alerts.router,
        siem.router,
    ):
        app.include_router(router)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _failed)
    return app


def first_tenant(tenants: Tenants, settings: SimulatorSettings) -> Tenant | None:
    """Make the tenant that the settings ask for; None when they ask for none, or for a partner or organization."""
    if settings.users is None or settings.credential_of != "tenant":
        return None
    return tenants.create(email_domain=settings.email_domain, tenant_id=settings.tenant_id, **_credential(settings), **_each(settings))


def first_parent(tenants: Tenants, settings: SimulatorSettings) -> Parent | None:
    """Make the partner or organization that the settings ask for, with its tenants; None when they ask for none."""
    if settings.users is None or settings.credential_of == "tenant":
        return None
    return tenants.create_parent(
        settings.credential_of, tenants=settings.tenants, email_domain=settings.email_domain, **_credential(settings), **_each(settings)
    )


def _credential(settings: SimulatorSettings) -> dict[str, Any]:
    return {
        "client_id": settings.client_id,
        "client_secret": settings.client_secret.get_secret_value() if settings.client_secret else None,
    }


def _each(settings: SimulatorSettings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in ("seed", "users", "awkward", "endpoints", "events_per_day")}


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101 - registered for it only
    return _shown(request, error)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it only
    words = [f"{'.'.join(str(step) for step in problem['loc'])}: {problem['msg']}" for problem in error.errors()]
    return _shown(request, Refused(400, "; ".join(words)))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it only
    return _shown(request, Refused(error.status_code, headers=dict(error.headers or {})))


async def _failed(request: Request, _error: Exception) -> Response:
    return _shown(request, Refused(500))


def _shown(request: Request, refused: Refused) -> Response:
    return refused.response(tenants_of(request).clock.now())

"""`python -m sophos_central_simulator`: serve the simulator until it is stopped."""

import argparse
import os
import secrets
import sys
from typing import Any

import uvicorn
from pydantic import ValidationError

from sophos_central_simulator.app import create_simulator
from sophos_central_simulator.server import configuration, listening
from sophos_central_simulator.settings import MOST_USERS, SimulatorSettings
from sophos_central_simulator.tenants import Parent, Tenant

CONTROL_TOKEN = "SOPHOS_SIMULATOR_CONTROL_TOKEN"  # noqa: S105 - the name of a variable


def main() -> None:
    """Read the options, serve."""
    settings = _settings(_options())
    app = create_simulator(settings)
    try:
        with listening(settings.host, settings.port) as listener:
            host, port = listener.getsockname()[:2]
            _say(f"Sophos Central simulator at http://{host}:{port}")
            _introduce(app.state.first_tenant or app.state.first_parent, secret_is_chosen=settings.client_secret is not None)
            uvicorn.Server(configuration(app, quiet=False)).run(sockets=[listener])
    except OSError as error:
        sys.exit(f"{settings.host}:{settings.port} cannot be listened on: {error.strerror}. Give another --port.")


def _options() -> dict[str, Any]:
    """Return the options that were given; the others come from the environment."""
    parser = argparse.ArgumentParser(
        prog="sophos_central_simulator",
        description=__doc__,
        epilog="Each option can also be set as SOPHOS_SIMULATOR_<OPTION>; so can CLIENT_SECRET and CONTROL_TOKEN.",
    )
    parser.add_argument("--host", help="the address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, help="the port (8090); 0 takes any free one")
    parser.add_argument("--public-url", help="the base URL that clients reach it at, if not the one they asked")
    parser.add_argument("--users", type=int, help=f"make a tenant with so many people, at most {MOST_USERS}")
    parser.add_argument("--endpoints", type=int, help="devices in that tenant (0)")
    parser.add_argument("--events-per-day", type=int, help="events that those devices report each day, every fifth with an alert (0)")
    parser.add_argument("--seed", type=int, help="what that tenant's people follow from (7)")
    parser.add_argument("--awkward", action="store_true", default=None, help="with the odd people of real directories too")
    parser.add_argument("--credential-of", choices=("tenant", "partner", "organization"), help="whose the credential is (tenant)")
    parser.add_argument("--tenants", type=int, help="how many tenants a partner or organization has (4)")
    parser.add_argument("--email-domain", help="their e-mail domain (example.com)")
    parser.add_argument("--tenant-id", help="the tenant's id, a UUID")
    parser.add_argument("--client-id", help="the client id that signs in to it, a UUID")
    return {name: value for name, value in vars(parser.parse_args()).items() if value is not None}


def _settings(given: dict[str, Any]) -> SimulatorSettings:
    if CONTROL_TOKEN not in os.environ:
        given["control_token"] = secrets.token_urlsafe(24)
        _say(f"Control token: {given['control_token']} (set {CONTROL_TOKEN} to choose it)")
    try:
        return SimulatorSettings(**given)
    except ValidationError as error:
        words = [f"SOPHOS_SIMULATOR_{str(problem['loc'][0]).upper()}: {problem['msg']}" for problem in error.errors(include_input=False)]
        sys.exit("The simulator cannot start. " + "; ".join(words))


def _introduce(caller: Tenant | Parent | None, *, secret_is_chosen: bool) -> None:
    """Say how to sign in. A secret that somebody chose is not repeated."""
    if caller is None:
        _say("No tenant yet: POST /_control/tenants makes one.")
        return
    secret = "as set" if secret_is_chosen else caller.client_secret
    if isinstance(caller, Tenant):
        who = f"Tenant {caller.id} with {len(caller.directory.users)} users"
    else:
        who = f"{caller.kind.capitalize()} {caller.id} with {len(caller.tenants)} tenants"
    _say(f"{who}. Client id: {caller.client_id}. Client secret: {secret}")


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

"""`python -m sophos_central_simulator`: serve the simulator until it is stopped."""

import argparse
import os
import sys

import uvicorn
from pydantic import ValidationError

from sophos_central_simulator.app import create_simulator
from sophos_central_simulator.settings import SimulatorSettings


def main() -> None:
    """Read the options, serve."""
    parser = argparse.ArgumentParser(prog="sophos_central_simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--public-url", default=None, help="the base URL that clients reach it at, if not the one they asked")
    options = parser.parse_args()
    try:
        settings = SimulatorSettings(host=options.host, port=options.port, public_url=options.public_url)
    except ValidationError:
        name = "SOPHOS_SIMULATOR_CONTROL_TOKEN"
        state = "is too short" if os.environ.get(name) else "is not set"
        sys.exit(f"{name} {state}: give the control API a token of at least 16 characters.")
    uvicorn.run(create_simulator(settings), host=settings.host, port=settings.port, lifespan="off", access_log=False, server_header=False)


if __name__ == "__main__":
    main()

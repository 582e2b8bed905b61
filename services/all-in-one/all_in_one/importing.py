"""Files from the command line: sent to an integration through a running gateway, and run."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from all_in_one.demo.api import Api
from shared.api.runs import ENDED
from shared.errors import AppError, NotFound

BLOCK = 1024 * 1024
SECONDS = 600.0
"""A workbook with a million rows takes minutes to read."""
SETTLED = ENDED | {"waiting_for_approval"}
PAUSE = 0.5


class FileUnreadable(AppError):
    """The file cannot be opened here."""

    code = "file_unreadable"


class IntegrationUnknown(NotFound):
    """No integration has this name or id."""

    code = "integration_unknown"


@dataclass(frozen=True, slots=True)
class Import:
    """A file, and what is to become of it. `mode` is None when it is only to be kept."""

    file: Path
    integration: str
    mode: str | None
    encoding: str | None = None
    sheet: str | None = None


async def imported(url: str, token: str, wanted: Import, say: Callable[[str], None]) -> dict[str, Any] | None:
    """Send a file, run it as wanted, and return the run once it has ended or waits for approval; None when nothing was to run.

    Raises `FileUnreadable`, `IntegrationUnknown`, and `CallFailed` with the gateway's own words.
    """
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=SECONDS) as http:
        api = Api(http)
        path = f"/integrations/{await _integration(api, wanted.integration)}"
        said = {"name": wanted.file.name[:200], "encoding": wanted.encoding, "sheet": wanted.sheet}
        params = {name: value for name, value in said.items() if value is not None}
        file = await api.call("POST", f"{path}/files", params=params, content=_blocks(wanted.file))
        say(f"sent: {file['rows']:,} rows of {', '.join(file['columns'])}")
        if wanted.mode is None:
            return None
        run = await api.post(f"{path}/runs", {"mode": wanted.mode})
        while run["state"] not in SETTLED:
            await asyncio.sleep(PAUSE)
            run = await api.get(f"/runs/{run['id']}")
        found: dict[str, Any] = run
        return found


async def _integration(api: Api, named: str) -> str:
    """Return the id of the integration that has this id or, whatever its case, this name."""
    try:
        return str(UUID(named))
    except ValueError:
        pass
    every = (await api.get("/integrations"))["items"]
    for one in every:
        if one["name"].casefold() == named.strip().casefold():
            return str(one["id"])
    names = ", ".join(repr(one["name"]) for one in every if one["provider"].startswith("file-"))
    remedy = f"Use one of: {names}." if names else "Make one of the provider file-users first: POST /api/v1/integrations."
    raise IntegrationUnknown(f"there is no integration {named!r}", remedy=remedy)


async def _blocks(path: Path) -> AsyncIterator[bytes]:
    """Give a file piece by piece. Raises `FileUnreadable`."""
    try:
        with path.open("rb") as file:
            while block := await asyncio.to_thread(file.read, BLOCK):
                yield block
    except OSError as error:
        raise FileUnreadable(f"{path} cannot be read: {error.strerror}", remedy="Name a file that is there and may be read.") from None

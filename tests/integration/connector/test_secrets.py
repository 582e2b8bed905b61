"""A canary: the client secret is looked for wherever something could have been written down."""

import logging
from pathlib import Path

import pytest

from sophos_central_simulator.faults import Fault
from tests.support.connector import INPUTS, World, everything_told, launched, run
from tests.support.searching import files, rows

CANARY = "canary-1c9f4e5a-never-to-be-seen"


async def test_the_secret_is_nowhere_to_be_seen(here: World, tmp_path: Path, lines: list[object], caplog: pytest.LogCaptureFixture) -> None:
    """Not in an answer, an event, a log line, an error, a database file or row, whether things go well or not."""
    caplog.set_level(logging.DEBUG)
    here.tenant.client_secret = CANARY
    async with here.connector(retry_attempts=2) as api:
        integration_id = await launched(api, here)
        await run(api, integration_id)
        here.tenant.faults.append(Fault(kind="cut", path="/common", count=2))
        failed = await run(api, integration_id)
        (credential,) = (await api.get("/credentials"))["items"]
        await api.post(f"/credentials/{credential['id']}/test")
        await api.post("/credentials", {"name": "x", "client_id": "y", "client_secret": CANARY, "surprise": 1}, expect=422)
        await api.post("/credentials", {"name": "Sophos API", "client_id": "y", "client_secret": CANARY}, expect=409)
        arguments = {"source_id": here.custom()[0], "expected_email": "nobody@example.com"}
        request = {"idempotency_key": "k" * 8, "credential_id": credential["id"], "inputs": INPUTS, "arguments": arguments}
        await api.post("/operations/sophos-users/delete-user", request)
        here.tenant.client_secret = "another-one"
        here.tenant.expire_tokens()
        refused = await run(api, integration_id)
        tokens = list(here.tenant._tokens)

    assert (failed["state"], refused["error"]["code"]) == ("failed", "sophos_wrong_secret")
    places = {
        "answers": "\n".join(api.answers).encode(),
        "events": everything_told(here.mapper),
        "log lines": repr(lines).encode(),
        "other logs": caplog.text.encode(),
        "rows": await rows(here.settings.database_url),
        "settings": repr(here.settings).encode(),
        **files(tmp_path),
    }
    for secret in (CANARY, *tokens):
        assert [place for place, content in places.items() if secret.encode() in content] == []
    assert lines

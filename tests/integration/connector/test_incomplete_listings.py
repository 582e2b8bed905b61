"""A listing that left something out: what was read is applied, what was left out is named, and nobody is called absent for it."""

from pathlib import Path

import pytest

from shared.events import ListingCompleted, UsersProvenAbsent
from tests.integration.connector.test_outside_provider import SECRET, documented, install
from tests.support.connector import World, ended

WHOLE = "datetime.now(UTC), None)"
PARTLY = (
    "datetime.now(UTC), None, "
    'notes=(Note("shop_closed", "the south shop was closed", "Ask again tomorrow.", about="south", is_error=True), '
    'Note("shop_quiet", "few people were about")), complete=False)'
)


def partly(code: str) -> str:
    """Return the corner shop's module, with a shop that could not be read."""
    assert WHOLE in code
    return code.replace(WHOLE, PARTLY).replace("import Access, Cursor, Observed", "import Access, Cursor, Note, Observed")


async def test_nobody_is_missing_because_a_part_could_not_be_read(here: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a listing that is whole may speak of absence; the run ends all the same, and says what it left out."""
    install(tmp_path / "site", partly(documented()), monkeypatch)
    here.mapper.linked["known-from-before"] = {"id": "known-from-before"}
    async with here.connector() as api:
        secret = {"name": "Shop", "provider": "corner-shop", "client_id": "c", "client_secret": SECRET}
        credential = await api.post("/credentials", secret, expect=201)
        made = await api.post("/integrations", {"provider": "corner-shop", "name": "Shop people"}, expect=201)
        path = f"/integrations/{made['id']}"
        details = {"user_selection": "user_only", "integration_user": "ann", "credential_id": credential["id"]}
        await api.ask("PATCH", path, {**details, "inputs": {"branch": {"value": "north"}}})
        await api.post(f"{path}/launch")
        run = await ended(api, (await api.post(f"{path}/runs", expect=202))["id"])
        errors = (await api.get(f"/runs/{run['id']}/errors"))["items"]

    assert (run["state"], run["fetched"], run["counts"]["added"], run["missing"]) == ("completed_with_errors", 2, 2, 0)
    assert run["counts"]["failed"] == 0, "what was left out is no record"
    assert [(one["code"], one["source_id"], one["remedy"]) for one in errors] == [("shop_closed", "south", "Ask again tomorrow.")]
    assert [(note["code"], note["message"]) for note in run["notes"]] == [("shop_quiet", "few people were about")]
    assert here.mapper.of(ListingCompleted) == []
    assert here.mapper.of(UsersProvenAbsent) == []
    assert here.mapper.missing == set()

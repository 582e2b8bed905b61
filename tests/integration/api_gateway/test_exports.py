"""What an export is refused for before it begins."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from api_gateway.exports import exporting
from tests.support.api_gateway import Gateway, gateway

CHECK = "POST /internal/records/person/check"


@pytest.mark.parametrize(
    ("check", "code"),
    [((51, True), "export_too_large"), ((21, False), "export_not_sorted"), ((20, False), None), ((50, True), None)],
)
async def test_an_export_is_bounded(
    database_url: SecretStr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, check: tuple[int, bool], code: str | None
) -> None:
    """A file cut off at the limit would be taken for everybody; one in an order without an index would keep the database busy for hours."""
    monkeypatch.setattr(exporting, "MOST_WITHOUT_INDEX", 20)
    here: Gateway
    async with gateway(database_url, tmp_path, export_records=50) as here:
        here.mapper.answer(CHECK, {"records": check[0], "by_index": check[1]})
        here.mapper.answer("GET /internal/fields", {"items": []})
        here.mapper.answer("GET /internal/people", {"items": []})
        answer = await here.call("POST", "/exports", {"sort": "last_name"})
        assert here.mapper.asked[0].body["count_to"] == 50
        assert (answer.json()["code"] if code else answer.text) == (code or '"id"\r\n')

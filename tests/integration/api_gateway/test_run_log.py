"""The log of a run as a download: read page by page behind, one stream of lines in front."""

from typing import Any

import orjson

from tests.support.api_gateway import ANY_ID, Gateway

PATH = f"GET /internal/runs/{ANY_ID}/log"


class InTurn(dict[str, tuple[int, Any, dict[str, str]]]):
    """Answers a call with one page of the log after the other."""

    def get(self, key: str, default: Any = None) -> Any:
        """Return the next page, as a service that is asked for the same path with another cursor."""
        pages = super().get(key, default)
        return (200, pages[1].pop(0), {}) if key == PATH else pages


def entry(number: int) -> dict[str, Any]:
    """Return an entry as the connector gives it."""
    return {"at": "2026-01-01T00:00:00Z", "kind": "page", "correlation_id": ANY_ID, "details": {"page": number}}


async def test_the_log_is_streamed_line_by_line_over_all_its_pages(here: Gateway) -> None:
    """A log of fifty thousand entries is never whole in memory, and whoever downloads it need not know about pages."""
    pages = [{"items": [entry(1), entry(2)], "next_cursor": "more"}, {"items": [entry(3)], "next_cursor": None}]
    here.connector.answers = InTurn({PATH: (200, pages, {})})
    answer = await here.call("GET", f"/runs/{ANY_ID}/log", token=await here.token_for("viewer"))

    assert answer.headers["content-type"] == "application/x-ndjson"
    assert f'filename="run-{ANY_ID}.ndjson"' in answer.headers["content-disposition"]
    lines = [orjson.loads(line) for line in answer.content.splitlines()]
    assert [line["details"]["page"] for line in lines] == [1, 2, 3]
    assert {line["correlation_id"] for line in lines} == {ANY_ID}
    assert [asked.query.get("cursor") for asked in here.connector.asked] == [None, "more"]


async def test_the_log_of_a_run_that_is_not_there_is_a_404_before_anything_is_streamed(here: Gateway) -> None:
    """Half a download that ends in an error could not say so any more."""
    assert (await here.call("GET", f"/runs/{ANY_ID}/log")).status_code == 404

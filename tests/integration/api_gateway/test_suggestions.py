"""Smart mapping through the gateway: it brings together what the source has and what the mapper knows."""

from typing import Any

from api_gateway.samples import LONGEST_TEXT, MOST_CHARACTERS, trimmed
from shared.api.suggestions import MOST_SAMPLES
from tests.integration.api_gateway.test_forwarding import FIELD, INTEGRATION, PROVIDER
from tests.support.api_gateway import ANY_ID, Gateway

SUGGESTIONS = f"/integrations/{ANY_ID}/mapping/suggestions"
MAPPING = {"integration_id": ANY_ID, "version": 0, "targets": {}, "sync_keys": [], "author": None, "created_at": None}
PREVIEW = f"POST /internal/integrations/{ANY_ID}/preview"


def ready(here: Gateway) -> None:
    """Let the services answer all but the preview."""
    here.connector.answer(f"GET /internal/integrations/{ANY_ID}", INTEGRATION)
    here.connector.answer("GET /internal/providers/sophos-users", PROVIDER)
    here.mapper.answer(f"GET /internal/integrations/{ANY_ID}/mapping", MAPPING)
    here.mapper.answer(f"POST /internal{SUGGESTIONS}", {"suggestions": [], "sync_keys": ["email"]})


def shown(*records: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a preview."""
    return {"records": [{"source_id": "1", "record": record, **more} for record in records], "notes": [], "requests": 1}


async def test_suggestions_are_made_from_what_the_source_has_and_shows(here: Gateway) -> None:
    """Neither the person nor the mapper knows a source's fields and values; the gateway brings them together."""
    ready(here)
    here.connector.answer(PREVIEW, shown({"email": "ada@example.com", "bio": "x" * 5000}))
    response = await here.call("POST", SUGGESTIONS)
    answer = response.json()
    assert (response.status_code, answer["sync_keys"], answer["samples_problem"]) == (200, ["email"], None)
    assert here.connector.asked[-1].query == {"limit": str(MOST_SAMPLES)}
    assert here.mapper.asked[-1].body == {
        "source_fields": [FIELD],
        "input_keys": ["tenant_id"],
        "object_type": "person",
        "describes": "user",
        "application": "Sophos Endpoint Security",
        "samples": [{"email": "ada@example.com", "bio": "x" * LONGEST_TEXT}],
    }


async def test_a_source_that_shows_nothing_is_no_reason_to_suggest_nothing(here: Gateway) -> None:
    """Names are enough to begin with: people map before the credential works. Why there were no values is said."""
    ready(here)
    problem = {"title": "T", "status": 409, "detail": "the integration lacks a credential", "code": "integration_incomplete"}
    here.connector.answer(PREVIEW, {**problem, "remedy": "Choose one."}, 409)
    response = await here.call("POST", SUGGESTIONS)
    assert (response.status_code, response.json()["samples_problem"]) == (200, "the integration lacks a credential. Choose one.")
    assert here.mapper.asked[-1].body["samples"] == []


async def test_the_source_is_left_alone_where_that_is_asked_for(here: Gateway) -> None:
    """Requests to a source are counted; somebody may want to save them."""
    ready(here)
    response = await here.call("POST", f"{SUGGESTIONS}?samples=false&object_type=saas_user")
    assert (response.status_code, response.json()["samples_problem"]) == (200, None)
    assert all(not asked.path.endswith("/preview") for asked in here.connector.asked)
    assert here.mapper.asked[-1].body["object_type"] == "saas_user"


async def test_records_that_a_run_could_not_take_are_no_samples(here: Gateway) -> None:
    """What is broken says nothing of what is not."""
    ready(here)
    here.connector.answer(PREVIEW, shown({"email": "ada@example.com"}, problem="has no id"))
    await here.call("POST", SUGGESTIONS)
    assert here.mapper.asked[-1].body["samples"] == []


async def test_viewers_get_no_suggestions(here: Gateway) -> None:
    """They are made by asking the source, with a credential."""
    ready(here)
    response = await here.call("POST", SUGGESTIONS, token=await here.token_for("viewer"))
    assert response.status_code == 403


def test_giant_records_are_cut_before_they_travel() -> None:
    """A hundred records of a megabyte would be refused as a request, and suggestions with them."""
    deep: Any = "bottom"
    for _ in range(100):
        deep = {"deeper": deep}
    giant = {"text": "x" * 1_000_000, "list": list(range(100_000)), "deep": deep, **{f"key {number}": number for number in range(100_000)}}
    cut = trimmed([giant] * 1000)
    assert 0 < len(cut) <= MOST_SAMPLES
    assert len(repr(cut)) < 2 * MOST_CHARACTERS
    assert len(trimmed([{f"key {number}": "x" * 256 for number in range(200)}] * 1000)) < MOST_SAMPLES

"""The events' contracts: their schemas, their way over the wire, and what happens to messages that break them."""

from functools import cache
from typing import Any, ClassVar
from uuid import uuid4

import jsonschema
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.events import CONTRACTS, Event, StepsReady, UsersObserved
from shared.events.base import ENVELOPE
from shared.events.catalogue import render_events
from shared.events.cloudevents import MalformedEvent, decode, encode
from tests.contract.events.schemas import DIRECTORY, file_of, written
from tests.contract.events.strategies import JSON_VALUES, filled


@pytest.mark.parametrize("topic", sorted(CONTRACTS))
def test_a_topic_s_schema_is_the_agreed_one(topic: str) -> None:
    """Other services, of another version, read what this one tells: a change must be seen and meant."""
    assert file_of(topic).exists(), "a new topic: run `python -m tests.contract.events.schemas`"
    assert file_of(topic).read_text(encoding="utf-8") == written(CONTRACTS[topic]), (
        "the contract changed: if that was meant, and older readers still understand it, run `python -m tests.contract.events.schemas`"
    )


def test_no_schema_is_left_of_a_topic_that_is_gone() -> None:
    """Messages of a removed topic may still be on their way: removing one is a change that must be meant."""
    assert {path.stem for path in DIRECTORY.glob("*.json")} == set(CONTRACTS)


@pytest.mark.parametrize("topic", sorted(CONTRACTS))
def test_a_topic_says_who_tells_it_and_which_version_it_is(topic: str) -> None:
    """The page about events and the routing on the broker are made from it."""
    contract = CONTRACTS[topic]
    assert contract.told_by in {"connector", "mapper", "workflow-engine"}
    assert topic.rsplit(".", 1)[1].startswith("v")
    assert contract.__doc__


@pytest.mark.parametrize("topic", sorted(CONTRACTS))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_what_is_told_is_what_is_heard(topic: str, data: st.DataObject) -> None:
    """Whatever an event holds arrives as it was; and on the wire it is a CloudEvent that fits its schema."""
    event: Event = data.draw(filled(CONTRACTS[topic]))
    sent = encode(event)
    assert decode(sent) == event
    attributes = orjson.loads(sent)
    assert (attributes["specversion"], attributes["id"], attributes["type"]) == ("1.0", str(event.id), event.topic)
    assert attributes["partitionkey"] == event.key
    assert not ENVELOPE & attributes["data"].keys()
    validator(event.topic).validate(attributes["data"])


@cache
def validator(topic: str) -> jsonschema.Draft202012Validator:
    """Return what checks a topic's data against the agreed schema."""
    return jsonschema.Draft202012Validator(orjson.loads(file_of(topic).read_bytes()))


def test_a_second_contract_with_the_same_topic_is_refused() -> None:
    """Two shapes under one topic would be read as each other."""
    with pytest.raises(TypeError, match=r"workflow\.steps\.ready\.v1.*StepsReady"):

        class Impostor(Event):
            """Takes a topic that is taken."""

            topic: ClassVar[str] = StepsReady.topic
            told_by: ClassVar[str] = "mapper"

    assert CONTRACTS[StepsReady.topic] is StepsReady


GOOD: dict[str, Any] = orjson.loads(encode(StepsReady(step_ids=[uuid4()])))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "not a CloudEvent"),
        (b"null", "not a CloudEvent"),
        (orjson.dumps({**GOOD, "specversion": "0.3"}), "not a CloudEvent"),
        (orjson.dumps({**GOOD, "type": "nobody.knows.v1"}), "nobody.knows.v1"),
        (orjson.dumps({**GOOD, "type": None}), "no contract"),
        (orjson.dumps({**GOOD, "data": None}), "data is not an object"),
        (orjson.dumps({**GOOD, "data": ["s3cret"]}), "data is not an object"),
        (orjson.dumps({**GOOD, "data": {"step_ids": ["s3cret"]}}), "step_ids"),
        (orjson.dumps({**GOOD, "data": {}}), "step_ids"),
        (orjson.dumps({**GOOD, "id": "s3cret"}), "id"),
        (orjson.dumps({**GOOD, "time": "s3cret"}), "occurred_at"),
    ],
)
def test_a_message_that_breaks_its_contract_is_named_but_not_repeated(body: bytes, said: str) -> None:
    """The reason stands in dead letters and logs: it must help, and hold nobody's data."""
    with pytest.raises(MalformedEvent, match=said) as caught:
        decode(body)
    assert caught.value.remedy
    assert not caught.value.retryable
    assert "s3cret" not in str(caught.value)


@given(body=st.binary(max_size=200) | JSON_VALUES.map(orjson.dumps))
def test_no_message_makes_a_reader_crash(body: bytes) -> None:
    """Anything may come out of a broker; everything else than an event is a `MalformedEvent`."""
    with pytest.raises(MalformedEvent):
        decode(body)


def test_a_field_that_a_reader_does_not_know_is_ignored() -> None:
    """Senders are upgraded first."""
    assert decode(orjson.dumps({**GOOD, "newer": 1, "data": {**GOOD["data"], "newer": 1}})) == decode(orjson.dumps(GOOD))


def test_the_page_about_events_names_who_tells_and_who_hears() -> None:
    """People look there before they read code."""
    page = render_events(CONTRACTS, {"mapper": [(UsersObserved.topic, "sync")]})
    (row,) = [line for line in page.splitlines() if line.startswith(f"| [`{UsersObserved.topic}`]")]
    assert "| connector | mapper (sync) |" in row
    assert "nobody yet" in page
    for topic in CONTRACTS:
        assert f"## {topic}\n" in page
    assert "| `source_ids` | list of string | yes | The source's own id of each record" in page

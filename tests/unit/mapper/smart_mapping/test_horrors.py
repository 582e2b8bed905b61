"""Whatever a source says, smart mapping answers, keeps its promises, and stays within its bounds."""

import time
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mapper.fields.values import storable
from mapper.smart_mapping.candidates import MOST_PATHS, candidates
from mapper.smart_mapping.context import is_secret
from mapper.smart_mapping.words import words
from mapper.transformations.paths import at_path
from shared.api.suggestions import MOST_SAMPLES
from tests.support.smart_mapping import by_target, custom, suggested

NAMES = [
    "email",
    "mail",
    "userName",
    "login",
    "name",
    "displayName",
    "firstName",
    "last_name",
    "id",
    "password",
    "api_token",
    "created",
    "updatedAt",
    "manager",
]
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=40),
    st.sampled_from(["ada@example.com", "Ada Lovelace", "2026-01-01T00:00:00Z", "0000-00-00", "\x00", "\ud800", "1" * 300, "9" * 5000]),
)
KEYS = st.one_of(st.sampled_from(NAMES), st.text(max_size=12), st.sampled_from(["", ".", "0", "\ud800", "urn:x:User", "a" * 5000]))
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12)
RECORDS = st.lists(st.dictionaries(KEYS, VALUES, max_size=6), max_size=5)


@settings(max_examples=300, deadline=None)
@given(RECORDS)
def test_any_records_have_an_answer_that_keeps_its_promises(records: list[dict[str, Any]]) -> None:
    """A record that smart mapping cannot bear would keep somebody from mapping the other ninety-nine."""
    records = storable(records)  # as the connector shows them
    result = suggested(records, custom("Manager"), custom("Badge", unique=True))
    found = by_target(result)
    assert len(found) == sum(1 for one in result.suggestions if one.source.kind == "source"), "one for each target"
    for one in found.values():
        path: list[str] = getattr(one.source, "path", [])
        assert 0.5 <= one.confidence <= 1
        assert not any(is_secret(words(step)) for step in path)
        assert not any(isinstance(at_path(record, path), bool) for record in records)
        assert all(other.certainty != "sure" and other.confidence <= one.confidence for other in one.alternatives)
        result.model_dump_json()
    sure = [tuple(getattr(one.source, "path", ())) for target, one in found.items() if one.certainty == "sure" and target != "username"]
    assert len(sure) == len(set(sure)), "one path is sure for one target, but for a user name that is the address"


def test_wide_records_are_looked_at_in_bounds() -> None:
    """A hundred records of a thousand fields each take no minute, and no more paths than are of use."""
    wide = [
        {f"field {number} of the thing": f"value {number}" for number in range(1000)} | {"email": f"a{at}@example.com"}
        for at in range(MOST_SAMPLES)
    ]
    assert len(candidates([], wide)) <= MOST_PATHS
    began = time.process_time()
    suggested(wide)
    assert time.process_time() - began < 20


def test_no_text_makes_a_pattern_think_for_long() -> None:
    """Patterns are tried on what strangers wrote."""
    names = ["email", "username", "phone", "serial", "os_version", "ip_address", "mac_address", "created_at", "hostname", "locale"]
    texts = ["a" * 256, "_" * 256, ":" * 256, "1" * 256, "1." * 128, " " * 255 + "x", "a@" * 128, "-" * 256, "a_" * 128 + "!"]
    fields = [
        custom("OS version"),
        custom("IP address"),
        custom("MAC address"),
        custom("Serial number"),
        custom("Phone"),
        custom("Language"),
    ]
    began = time.process_time()
    for text in texts:
        suggested([dict.fromkeys(names, text)] * 20, *fields, describes="device")
    assert time.process_time() - began < 10

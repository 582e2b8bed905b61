"""Pinned samples: a version of a mapping that makes something else of a real record is not stored."""

from typing import Any

import pytest

from mapper.samples import samples
from tests.support.mapper import MAPPING, Mapper, source_user

TARGETS: dict[str, Any] = dict(MAPPING["targets"])  # type: ignore[arg-type]
NAMELESS = {"id": "1", "email": "", "name": "Nobody"}


def path_of(mapper: Mapper, more: str = "") -> str:
    """Return where the mapping is."""
    return f"/integrations/{mapper.integration_id}/mapping{more}"


async def pinned(mapper: Mapper, name: str, record: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Pin a record."""
    body = {"name": name, "record": record, "inputs": {"tenant_id": "tenant-1"}, **more}
    answer: dict[str, Any] = await mapper.call("POST", path_of(mapper, "/samples"), json=body, expect=201)
    return answer


async def test_a_version_that_breaks_a_sample_is_refused_with_the_difference(mapper: Mapper) -> None:
    """Nothing is stored, and the answer says what would have become of whom."""
    sample = await pinned(mapper, "Żoë", source_user(1))
    assert sample["expected"]["values"]["full_name"] == "Żoë 1"
    assert "synced_at" not in sample["expected"]["values"]
    shouting = {"kind": "source", "path": "name", "steps": [{"op": "case", "to": "upper"}]}
    problem = await mapper.call("PUT", path_of(mapper), json={**MAPPING, "targets": {**TARGETS, "full_name": shouting}}, expect=409)
    assert (problem["code"], problem["fields"][0]["field"]) == ("pinned_sample_broken", "samples.Żoë.full_name")
    assert problem["samples"] == [
        {"id": sample["id"], "name": "Żoë", "differences": [{"field": "full_name", "expected": "Żoë 1", "actual": "ŻOË 1"}]}
    ]
    assert (await mapper.call("GET", path_of(mapper)))["version"] == 1
    more = {**TARGETS, "first_name": {"kind": "source", "path": "name"}}
    assert (await mapper.call("PUT", path_of(mapper), json={**MAPPING, "targets": more}))["version"] == 2


async def test_a_rejected_record_stays_rejected_until_that_is_changed(mapper: Mapper) -> None:
    """Somebody without an e-mail address must not slip in by a default."""
    sample = await pinned(mapper, "nobody", NAMELESS)
    assert sample["expected"]["rejected"] == {"code": "missing_value", "field": "username"}
    invented = {"kind": "source", "path": "email", "steps": [{"op": "default", "value": "nobody@example.com"}]}
    body = {**MAPPING, "targets": {**TARGETS, "username": invented, "email": invented}}
    problem = await mapper.call("PUT", path_of(mapper), json=body, expect=409)
    assert problem["samples"][0]["differences"][0]["field"] == "rejected"
    values = {"values": {"email": "nobody@example.com"}}
    changed = await mapper.call(
        "PUT", path_of(mapper, f"/samples/{sample['id']}"), json={"name": "nobody", "record": NAMELESS, "expected": values}
    )
    assert changed["differences"][0]["field"] == "rejected"
    assert (await mapper.call("PUT", path_of(mapper), json=body))["version"] == 2
    (shown,) = (await mapper.call("GET", path_of(mapper, "/samples")))["items"]
    assert (shown["differences"], shown["actual"]["values"]["email"]) == ([], "nobody@example.com")


async def test_rolling_back_is_held_to_the_samples_too(mapper: Mapper) -> None:
    """An old version is as good as a new one at breaking what was agreed since."""
    guest = {**TARGETS, "role": {"kind": "constant", "value": "Guest"}}
    await mapper.call("PUT", path_of(mapper), json={**MAPPING, "targets": guest})
    await pinned(mapper, "guest", source_user(1))
    problem = await mapper.call("POST", path_of(mapper, "/versions/1/restore"), json={}, expect=409)
    assert problem["samples"][0]["differences"] == [{"field": "role", "expected": "Guest", "actual": "Employee"}]
    assert (await mapper.call("GET", path_of(mapper)))["version"] == 2


async def test_a_sample_that_is_not_met_keeps_from_launching(mapper: Mapper) -> None:
    """What is expected may be written down before the mapping does it; it must do it before it goes live."""
    sample = await pinned(mapper, "wanted", source_user(1), expected={"values": {"first_name": "Żoë"}})
    (gap,) = (await mapper.call("GET", path_of(mapper, "/readiness")))["missing"]
    assert (gap["field"], "wanted" in gap["message"]) == ("mapping.samples", True)
    await mapper.call("DELETE", path_of(mapper, f"/samples/{sample['id']}"), expect=204)
    assert (await mapper.call("GET", path_of(mapper, "/readiness")))["missing"] == []
    assert (await mapper.call("DELETE", path_of(mapper, f"/samples/{sample['id']}"), expect=404))["code"] == "sample_not_found"


async def test_what_cannot_be_a_sample_is_refused(mapper: Mapper, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too large, too many, or expecting nothing and everything."""
    monkeypatch.setattr(samples, "MOST_SAMPLES", 1)
    large = {"name": "x", "record": {"v": "x" * 100_001}}
    problem = await mapper.call("POST", path_of(mapper, "/samples"), json=large, expect=422)
    assert (problem["code"], problem["fields"][0]["field"]) == ("sample_too_large", "record")
    both = {"name": "x", "record": {}, "expected": {"values": {}, "rejected": {"code": "a", "field": "b"}}}
    assert "expected" in (await mapper.call("POST", path_of(mapper, "/samples"), json=both, expect=422))["fields"][0]["field"]
    await pinned(mapper, "one", source_user(1))
    body = {"name": "two", "record": {}}
    assert (await mapper.call("POST", path_of(mapper, "/samples"), json=body, expect=409))["code"] == "too_many_samples"
    other = "/integrations/00000000-0000-4000-8000-000000000001/mapping/samples"
    assert (await mapper.call("GET", other))["items"] == []

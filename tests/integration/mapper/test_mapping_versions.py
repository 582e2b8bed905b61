"""Versions of a mapping: who changed what and why, compared, and brought back without losing any."""

from typing import Any

from tests.support.mapper import MAPPING, Mapper

TARGETS: dict[str, Any] = dict(MAPPING["targets"])  # type: ignore[arg-type]
GUEST = {**TARGETS, "role": {"kind": "constant", "value": "Guest"}}


def path_of(mapper: Mapper) -> str:
    """Return where the mapping is."""
    return f"/integrations/{mapper.integration_id}/mapping"


async def stored(mapper: Mapper, expect: int = 200, **changes: Any) -> dict[str, Any]:
    """Store a version."""
    answer: dict[str, Any] = await mapper.call("PUT", path_of(mapper), json={**MAPPING, **changes}, expect=expect)
    return answer


async def test_each_version_says_who_stored_it_and_why(mapper: Mapper) -> None:
    """The newest first, page by page, and each can be read as it was."""
    await stored(mapper, targets=GUEST, note="guests until they are told")
    await stored(mapper, targets=TARGETS, api_fields=[{"label": "Cost centre", "path": '{{response["cost-centre"].code}}'}])
    first = await mapper.call("GET", f"{path_of(mapper)}/versions", params={"limit": 2})
    second = await mapper.call("GET", f"{path_of(mapper)}/versions", params={"limit": 2, "cursor": first["next_cursor"]})
    assert [one["version"] for one in first["items"] + second["items"]] == [3, 2, 1]
    assert second["next_cursor"] is None
    assert (first["items"][1]["note"], first["items"][1]["author"]) == ("guests until they are told", "admin")
    assert (await mapper.call("GET", f"{path_of(mapper)}/versions/2"))["targets"]["role"]["value"] == "Guest"
    assert (await mapper.call("GET", path_of(mapper)))["api_fields"] == [{"label": "Cost centre", "path": ["cost-centre", "code"]}]
    assert (await mapper.call("GET", f"{path_of(mapper)}/versions/9", expect=404))["code"] == "mapping_version_not_found"


async def test_a_version_is_compared_with_the_one_before_or_with_any(mapper: Mapper) -> None:
    """What was changed, and nothing that was not."""
    api_field = {"label": "Cost centre", "path": ["cost", "centre"]}
    await stored(
        mapper, targets={**GUEST, "last_name": {"kind": "source", "path": "surname"}}, sync_keys=["username"], api_fields=[api_field]
    )
    changed = await mapper.call("GET", f"{path_of(mapper)}/versions/2/diff")
    assert (changed["from_version"], changed["to_version"]) == (1, 2)
    assert [one["field"] for one in changed["targets"]] == ["role", "last_name"]
    assert (changed["targets"][0]["before"]["value"], changed["targets"][0]["after"]["value"]) == ("Employee", "Guest")
    assert changed["targets"][1]["before"] is None
    assert changed["sync_keys"] == [["email"], ["username"]]
    assert changed["api_fields"] == [{"label": "Cost centre", "before": None, "after": ["cost", "centre"]}]
    back = await mapper.call("GET", f"{path_of(mapper)}/versions/1/diff", params={"against": 2})
    assert {one["field"] for one in back["targets"]} == {"role", "last_name"}
    whole = await mapper.call("GET", f"{path_of(mapper)}/versions/1/diff")
    assert len(whole["targets"]) == len(TARGETS)


async def test_rolling_back_is_a_new_version(mapper: Mapper) -> None:
    """Nothing of what was tried meanwhile is lost."""
    await stored(mapper, targets=GUEST)
    restored = await mapper.call("POST", f"{path_of(mapper)}/versions/1/restore", json={"note": "guests were a mistake"})
    assert (restored["version"], restored["restored_from"], restored["note"]) == (3, 1, "guests were a mistake")
    assert restored["targets"]["role"]["value"] == "Employee"
    assert (await mapper.call("GET", f"{path_of(mapper)}/versions/3/diff", params={"against": 1}))["targets"] == []
    problem = await mapper.call("POST", f"{path_of(mapper)}/versions/0/restore", json={"based_on": 3})
    assert problem["targets"] == {}


async def test_a_change_based_on_an_old_version_is_refused(mapper: Mapper) -> None:
    """Two people at two screens must not undo each other unseen."""
    await stored(mapper, targets=GUEST, based_on=1)
    problem = await stored(mapper, expect=409, targets={**TARGETS, "role": {"kind": "constant", "value": "X"}}, based_on=1)
    assert (problem["code"], "Read the newest" in problem["remedy"]) == ("mapping_changed", True)
    restoring = await mapper.call("POST", f"{path_of(mapper)}/versions/1/restore", json={"based_on": 1}, expect=409)
    assert restoring["code"] == "mapping_changed"
    assert [one["fields"][0]["field"] for one in (problem, restoring)] == ["based_on", "based_on"]
    assert (await mapper.call("GET", path_of(mapper)))["version"] == 2


async def test_two_custom_api_fields_never_have_one_label(mapper: Mapper) -> None:
    """Whoever chooses by the label must know which it is."""
    twice = [{"label": "Cost centre", "path": ["a"]}, {"label": "COST CENTRE ", "path": ["b"]}]
    problem = await stored(mapper, expect=422, api_fields=twice)
    assert (problem["code"], problem["fields"][0]["field"]) == ("bad_api_field", "api_fields.1.label")
    problem = await stored(mapper, expect=422, api_fields=[{"label": "x", "path": "a..b"}])
    assert "api_fields" in problem["fields"][0]["field"]


async def test_a_review_shows_every_place_with_samples_and_targets(mapper: Mapper) -> None:
    """What to map is seen before it is mapped."""
    await stored(mapper, api_fields=[{"label": "Cost centre", "path": ["cost-centre", "code"]}])
    records = [
        {"email": "a@example.com", "cost-centre": {"code": "007"}, "groups": [{"name": "Ops"}], "seen": "2026-02-03T06:18:32Z", "ok": True},
        {"email": "b@example.com", "cost-centre": {"code": "8"}, "groups": [], "n": 7},
    ]
    source_fields = [{"key": "phone", "label": "Phone", "path": ["phone"], "data_type": "text"}]
    answer = await mapper.call("POST", f"{path_of(mapper)}/review", json={"records": records, "source_fields": source_fields})
    places = {one["typed"]: one for one in answer["fields"]}
    assert (answer["records"], answer["truncated"]) == (2, False)
    assert set(places["email"]["targets"]) == {"username", "email"}
    assert places["email"]["samples"] == ["a@example.com", "b@example.com"]
    code = places["cost-centre.code"]
    assert (code["label"], code["custom"], code["types"], code["filled"]) == ("Cost centre", True, ["text"], 2)
    assert (places["groups[0].name"]["samples"], places["groups"]["filled"]) == (["Ops"], 1)
    assert [places[key]["types"] for key in ("seen", "ok", "n")] == [["datetime"], ["boolean"], ["number"]]
    assert (places["phone"]["filled"], places["phone"]["label"]) == (0, "Phone")

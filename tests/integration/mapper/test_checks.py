"""The check before launch: what would become of real records, and what speaks against letting them in. Nothing is written."""

from typing import Any
from uuid import uuid4

from tests.support.mapper import MAPPING, Mapper, source_user

TARGETS: dict[str, Any] = dict(MAPPING["targets"])  # type: ignore[arg-type]


async def checked(mapper: Mapper, records: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    """Check a page."""
    provenance = mapper.provenance(**changes).model_dump(mode="json")
    body = {"provenance": provenance, "source_ids": [record["id"] for record in records], "records": records}
    answer: dict[str, Any] = await mapper.call("POST", f"/integrations/{mapper.integration_id}/mapping/check", json=body)
    return answer


async def plan_checked(mapper: Mapper, *pages: list[dict[str, Any]]) -> dict[str, Any]:
    """Plan pages, and check the plan."""
    run_id = uuid4()
    for number, page in enumerate(pages, start=1):
        await mapper.publish(mapper.page(page, page=number, mode="plan", run_id=run_id))
    answer: dict[str, Any] = await mapper.call("GET", f"/plans/{run_id}/check")
    return answer


def found(answer: dict[str, Any]) -> dict[tuple[str, str], tuple[str, int]]:
    """Return severity and count by code and field."""
    return {(one["code"], one["field"]): (one["severity"], one["records"]) for one in answer["findings"]}


AWKWARD = [
    source_user(3),
    source_user(4, email="ZOE.3@example.com"),
    source_user(5, email=None),
    source_user(6, name="x" * 2000),
    source_user(7, name={"first": "Żoë"}),
]


async def test_a_page_is_counted_with_examples_and_nothing_is_written(mapper: Mapper) -> None:
    """Create, update, unchanged, reject: as a run would do."""
    await mapper.observe([source_user(1), source_user(2)])
    told = len(mapper.told)
    answer = await checked(mapper, [source_user(1), source_user(2, name="Renamed"), *AWKWARD])
    assert (answer["scope"], answer["records"], answer["launchable"]) == ("page", 7, True)
    assert answer["actions"] == {"create": 1, "update": 1, "unchanged": 1, "reject": 4}
    assert answer["examples"]["update"][0]["changes"]["person"]["full_name"] == ["Żoë 2", "Renamed"]
    assert "e-mail" not in str(answer["examples"]["create"])
    problems = found(answer)
    assert problems["duplicate_sync_key", "email"] == ("warns", 1)
    assert problems["missing_value", "username"] == ("warns", 1)
    reasons = [one["message"] for one in answer["findings"] if one["code"] == "value_does_not_fit"]
    assert any("is longer than 1024 characters" in reason for reason in reasons)
    assert any("is not a text" in reason for reason in reasons)
    assert len(await mapper.people()) == 2
    assert len(mapper.told) == told


async def test_the_whole_source_is_checked_by_its_plan(mapper: Mapper) -> None:
    """The same findings, over all pages, counted by the database."""
    await mapper.observe([source_user(1), source_user(2)])
    answer = await plan_checked(mapper, [source_user(1), source_user(2, name="Renamed"), AWKWARD[0]], AWKWARD[1:])
    assert (answer["scope"], answer["records"], answer["launchable"]) == ("source", 7, True)
    assert answer["actions"] == {"create": 1, "update": 1, "unchanged": 1, "reject": 4}
    problems = found(answer)
    assert problems["duplicate_sync_key", "email"] == ("warns", 1)
    duplicate = next(one for one in answer["findings"] if one["code"] == "duplicate_sync_key")
    assert duplicate["source_ids"] == [AWKWARD[1]["id"]]
    assert answer["examples"]["reject"][0]["message"]
    assert (await mapper.call("GET", f"/plans/{uuid4()}/check", expect=404))["code"] == "plan_not_found"


async def test_what_could_let_nobody_in_refuses(mapper: Mapper) -> None:
    """A path with a typing error makes every record a rejection."""
    misspelt = {"kind": "source", "path": "emial"}
    await mapper.ready(targets={**TARGETS, "email": misspelt})
    page = [source_user(number) for number in range(3)]
    for answer in (await checked(mapper, page), await plan_checked(mapper, page)):
        assert answer["launchable"] is False
        assert found(answer)["missing_value", "email"] == ("refuses", 3)


async def test_what_will_hurt_is_said(mapper: Mapper) -> None:
    """Fields that are never filled, and roles that nobody has."""
    await mapper.observe([source_user(1)])
    role = {"kind": "source", "path": "job", "steps": [{"op": "default", "value": "Employee"}]}
    await mapper.ready(targets={**TARGETS, "role": role, "first_name": {"kind": "source", "path": "given-name"}})
    page = [source_user(2), source_user(3, job="Emploiyee"), source_user(4, job="Emploiyee")]
    for answer in (await checked(mapper, page), await plan_checked(mapper, page)):
        assert answer["launchable"] is True
        problems = found(answer)
        assert problems["never_filled", "targets.first_name"] == ("warns", 3)
        assert problems["role_unknown", "targets.role"] == ("warns", 2)
        assert "Emploiyee" in str(answer["findings"])


async def test_records_without_any_sync_key_are_counted(mapper: Mapper) -> None:
    """Each of them would be somebody new, again and again."""
    await mapper.call("POST", "/fields", json={"label": "Badge", "unique": True})
    await mapper.ready(targets={**TARGETS, "badge": {"kind": "source", "path": "badge"}}, sync_keys=["badge"])
    page = [source_user(1, badge="7"), source_user(2), source_user(3)]
    for answer in (await checked(mapper, page), await plan_checked(mapper, page)):
        assert found(answer)["sync_key_empty", "sync_keys"] == ("warns", 2)
    nobody = await checked(mapper, page[1:])
    assert found(nobody)["sync_key_empty", "sync_keys"] == ("refuses", 2)
    assert nobody["launchable"] is False


async def test_a_preference_that_holds_everybody_back_and_an_empty_source_are_said(mapper: Mapper) -> None:
    """Both look like a success that did nothing."""
    skipped = await checked(mapper, [source_user(1)], preference="update_only")
    assert found(skipped)["all_skipped", "preference"] == ("warns", 1)
    assert found(await checked(mapper, []))["no_records", "source"] == ("warns", 0)


async def test_an_incomplete_mapping_refuses(mapper: Mapper) -> None:
    """With what is missing."""
    mapper.integration_id = uuid4()
    answer = await checked(mapper, [source_user(1)])
    assert answer["launchable"] is False
    assert found(answer)["mapping_incomplete", "mapping.sync_keys"] == ("refuses", 0)
    other = {"provenance": mapper.provenance().model_dump(mode="json"), "source_ids": [], "records": []}
    await mapper.call("POST", f"/integrations/{uuid4()}/mapping/check", json=other, expect=422)

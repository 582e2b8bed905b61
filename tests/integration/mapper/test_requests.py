"""What workflows ask for: done once, answered each, with the step as its cause."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.events import Cause, RecordChangeRequest, RecordChangesRequested
from tests.support.mapper import Mapper, source_user


def request(record_id: str, action: str, **more: object) -> RecordChangeRequest:
    """Return one step's request."""
    step_id = uuid4()
    cause = Cause(kind="workflow_step", id=str(step_id), actor="Sophos roles", detail="block roles")
    values = {"step_id": step_id, "record_id": record_id, "action": action, "cause": cause, **more}
    return RecordChangeRequest.model_validate(values)


async def test_roles_are_set_and_the_second_time_is_unchanged(mapper: Mapper) -> None:
    """Each request gets an answer; a repeat makes no revision."""
    await mapper.observe([source_user(1), source_user(2)])
    users = await mapper.saas_users()
    for outcome in ("applied", "unchanged"):
        requests = [request(user["id"], "set_roles", roles=["User"]) for user in users]
        await mapper.publish(RecordChangesRequested(record_type="saas_user", requests=requests))
        assert [answer.outcome for answer in mapper.last("records.changes.applied.v1").answers] == [outcome, outcome]
    assert {tuple(user["fields"]["roles"]) for user in await mapper.saas_users()} == {("User",)}
    assert {user["revision"] for user in await mapper.saas_users()} == {2}


async def test_a_record_that_is_gone_is_answered_and_holds_no_other_up(mapper: Mapper) -> None:
    """An error here would park a whole batch of steps."""
    await mapper.observe([source_user(1)])
    (user,) = await mapper.saas_users()
    nobody, somebody = request(str(uuid4()), "deactivate"), request(user["id"], "deactivate", proof={"status": 404})
    await mapper.publish(RecordChangesRequested(record_type="saas_user", requests=[nobody, somebody]))
    answers = {answer.step_id: answer for answer in mapper.last("records.changes.applied.v1").answers}
    assert (answers[nobody.step_id].outcome, answers[nobody.step_id].code) == ("refused", "record_not_found")
    assert answers[somebody.step_id].outcome == "applied"
    (user,) = await mapper.saas_users()
    assert user["fields"]["deactivated"] is True


async def test_the_timeline_tells_the_whole_story_with_its_causes(mapper: Mapper) -> None:
    """Observed, created, role set, flagged, deleted: the page that an auditor asks for."""
    await mapper.observe([source_user(1)])
    (user,) = await mapper.saas_users()
    await mapper.publish(RecordChangesRequested(record_type="saas_user", requests=[request(user["id"], "set_roles", roles=["User"])]))
    await mapper.call("PATCH", f"/saas-users/{user['id']}", json={"fields": {"to_be_deleted": True}})
    deleted = request(user["id"], "mark_deleted_in_source", proof={"read_back": {"status": 404}})
    await mapper.publish(RecordChangesRequested(record_type="saas_user", requests=[deleted]))
    timeline = (await mapper.call("GET", f"/people/{user['person_id']}/timeline"))["items"]
    kinds = [entry["kind"] for entry in timeline]
    assert kinds == ["observed", "created", "created", "roles_set", "flagged", "deleted_in_source"]
    assert timeline[-1]["cause"]["id"] == str(deleted.step_id)
    assert timeline[-1]["proof"] == {"read_back": {"status": 404}}
    assert timeline[-2]["cause"]["actor"] == "admin"
    await mapper.publish(mapper.listing(0))
    assert mapper.last("sync.absence.suspected.v1").source_ids == [], "who was deleted on purpose is not suspected"


async def test_who_was_deleted_and_appears_again_is_returned(mapper: Mapper) -> None:
    """A tombstone stays: a later observation that fits raises `returned` on the same record."""
    await mapper.observe([source_user(1)])
    (user,) = await mapper.saas_users()
    await mapper.publish(RecordChangesRequested(record_type="saas_user", requests=[request(user["id"], "mark_deleted_in_source")]))
    await mapper.observe([source_user(77, email="zoe.1@example.com")])
    (back,) = await mapper.saas_users()
    assert back["id"] == user["id"]
    assert back["fields"]["source_id"] == str(UUID(int=77))
    assert back["fields"]["deleted_in_source_at"] is None


@pytest.mark.parametrize(
    ("action", "more", "code"),
    [
        ("set_fields", {"fields": {"last_activity_at": "2026-01-01", "nothing": 1}}, "bad_values"),
        ("set_fields", {"fields": {"to_be_deleted": True, "last_activity_at": "yesterday"}}, "bad_values"),
        ("set_fields", {"fields": {"source_id": "mine"}}, "bad_values"),
        ("set_roles", {"roles": ["nul\x00byte"]}, "bad_values"),
    ],
)
async def test_a_request_that_cannot_be_met_changes_nothing(mapper: Mapper, action: str, more: dict[str, Any], code: str) -> None:
    """Refused means refused: not a part of it."""
    await mapper.observe([source_user(1)])
    (user,) = await mapper.saas_users()
    await mapper.publish(RecordChangesRequested(record_type="saas_user", requests=[request(user["id"], action, **more)]))
    (answer,) = mapper.last("records.changes.applied.v1").answers
    assert (answer.outcome, answer.code) == ("refused", code)
    assert answer.message
    assert (await mapper.saas_users()) == [user]


async def test_requests_for_people_obey_the_same_rules_as_hands(mapper: Mapper) -> None:
    """Another's address, an empty one, or roles that only SaaS users have: each refused by itself, the others go through."""
    await mapper.observe([source_user(1), source_user(2)])
    one, two = await mapper.people(sort="email")
    requests = [
        request(one["id"], "set_fields", fields={"email": two["fields"]["email"]}),
        request(one["id"], "set_fields", fields={"email": ""}),
        request(one["id"], "set_roles", roles=["User"]),
        request(two["id"], "set_fields", fields={"email": "new@example.com"}),
        request(one["id"], "set_fields", fields={"email": two["fields"]["email"]}),
    ]
    await mapper.publish(RecordChangesRequested(record_type="person", requests=requests))
    answers = mapper.last("records.changes.applied.v1").answers
    assert [answer.code or answer.outcome for answer in answers] == ["value_taken", "bad_values", "wrong_record_type", "applied", "applied"]
    assert sorted(person["fields"]["email"] for person in await mapper.people()) == ["new@example.com", "zoe.2@example.com"]


async def test_a_deactivation_keeps_its_proof_and_its_moment(mapper: Mapper) -> None:
    """By a workflow or by hand: when, by whom, and on what evidence."""
    await mapper.observe([source_user(1), source_user(2)])
    one, two = await mapper.saas_users(sort="email")
    proven = request(one["id"], "deactivate", proof={"status": 404})
    await mapper.publish(RecordChangesRequested(record_type="saas_user", requests=[proven]))
    await mapper.call("PATCH", f"/saas-users/{two['id']}", json={"fields": {"deactivated": True}})
    for user, proof in ((one, {"status": 404}), (two, None)):
        newest = (await mapper.timeline(user["person_id"]))[-1]
        assert (newest["kind"], newest["proof"]) == ("deactivated", proof)
        assert newest["fields"]["deactivated_at"][1]
    back = await mapper.call("PATCH", f"/saas-users/{two['id']}", json={"fields": {"deactivated": False}})
    assert back["fields"]["deactivated_at"] is None


async def test_flags_of_a_saas_user_say_yes_or_no_and_are_never_emptied(mapper: Mapper) -> None:
    """Who is neither deactivated nor not would be in none of two lists that together show everybody."""
    await mapper.observe([source_user(1)])
    (user,) = await mapper.saas_users()
    for flag in ("deactivated", "to_be_deleted"):
        for empty in (None, ""):
            refused = await mapper.call("PATCH", f"/saas-users/{user['id']}", json={"fields": {flag: empty}}, expect=422)
            assert (refused["code"], refused["fields"][0]["field"]) == ("bad_values", f"fields.{flag}")
        await mapper.publish(
            RecordChangesRequested(record_type="saas_user", requests=[request(user["id"], "set_fields", fields={flag: None})])
        )
        assert mapper.last("records.changes.applied.v1").answers[0].code == "bad_values"
    assert (await mapper.saas_users())[0]["revision"] == user["revision"]

"""Records that sources should not send, and do."""

import pytest

from tests.support.mapper import Mapper, source_user


async def test_unique_values_may_be_longer_than_an_index_takes(mapper: Mapper) -> None:
    """PostgreSQL's indexes hold some 2,700 bytes: a longer address must not stop its page, and still be unique."""
    long, script = "é" * 1010, "日本" * 505
    counts = await mapper.observe([source_user(1, email=long), source_user(2, email=script), source_user(3)])
    assert counts["added"] == 3
    counts = await mapper.observe([source_user(4, email=long.upper())], page=2)
    assert counts["failed"] == 1
    (rejection,) = mapper.last("sync.page.applied.v1").rejections
    assert (rejection.code, "no two users have the same email" in rejection.remedy) == ("duplicate_sync_key", True)


@pytest.mark.parametrize("source_id", ["", "x" * 500, "nul\x00byte"])
async def test_an_id_that_cannot_be_kept_rejects_its_record_alone(mapper: Mapper, source_id: str) -> None:
    """The rest of the page goes through."""
    counts = await mapper.observe([source_user(1, id=source_id), source_user(2)])
    assert (counts["added"], counts["failed"]) == (1, 1)
    assert mapper.last("sync.page.applied.v1").rejections[0].code == "bad_source_id"


async def test_a_rejected_record_is_told_in_a_form_that_every_database_can_keep(mapper: Mapper) -> None:
    """The connector stores it: a byte that PostgreSQL refuses would stop the run there instead of here."""
    await mapper.observe([source_user(1, name="nul\x00byte", deep={"k\x00": ["\x00"]})])
    (rejection,) = mapper.last("sync.page.applied.v1").rejections
    assert "\x00" not in str(rejection.record)
    assert rejection.record["deep"] == {"k\ufffd": ["\ufffd"]}


async def test_an_address_may_move_from_one_user_to_another_on_one_page(mapper: Mapper) -> None:
    """Whoever gives an address up may stand after whoever takes it."""
    await mapper.observe([source_user(number) for number in (1, 2, 3)])
    chain = [source_user(1, email="zoe.2@example.com"), source_user(2, email="zoe.3@example.com"), source_user(3, email="new@example.com")]
    assert (await mapper.observe(chain))["updated"] == 3
    emails = {person["fields"]["full_name"]: person["fields"]["email"] for person in await mapper.people()}
    assert emails == {"Żoë 1": "zoe.2@example.com", "Żoë 2": "zoe.3@example.com", "Żoë 3": "new@example.com"}


async def test_a_new_user_may_take_the_address_that_another_gives_up_on_the_same_page(mapper: Mapper) -> None:
    """A new colleague of the same name is a new person, not the old one."""
    await mapper.observe([source_user(1)])
    (before,) = await mapper.people()
    counts = await mapper.observe([source_user(2, email="zoe.1@example.com"), source_user(1, email="moved@example.com")])
    assert (counts["added"], counts["updated"]) == (1, 1)
    people = {person["id"]: person["fields"]["email"] for person in await mapper.people()}
    assert people[before["id"]] == "moved@example.com"
    assert len(people) == 2


async def test_fields_kept_out_of_history_are_stored_and_nobody_hears_of_them(mapper: Mapper) -> None:
    """*Add updates to history* off: no revision, no event, no workflow; the value is there all the same."""
    await mapper.call("POST", "/fields", json={"label": "Last sign-in", "history": False, "unique": True})
    await mapper.map(last_sign_in={"kind": "source", "path": ["signIn"]})
    await mapper.observe([source_user(1, signIn="Monday"), source_user(2, signIn="Sunday")])
    assert all(
        "last_sign_in" not in {**change.after, **change.fields} for told in mapper.of("records.changed.v1") for change in told.changes
    )
    mapper.told.clear()
    assert (await mapper.observe([source_user(1, signIn="Tuesday")]))["unchanged"] == 1
    person = next(person for person in await mapper.people() if person["fields"]["email"] == "zoe.1@example.com")
    assert (person["fields"]["last_sign_in"], person["revision"]) == ("Tuesday", 1)
    changed = await mapper.call("PATCH", f"/people/{person['id']}", json={"fields": {"last_sign_in": "Friday"}})
    assert (changed["fields"]["last_sign_in"], changed["revision"]) == ("Friday", 1)
    assert mapper.of("records.changed.v1") == []
    taken = await mapper.answer("PATCH", f"/people/{person['id']}", json={"fields": {"last_sign_in": "sunday"}})
    assert taken.status_code == 409, "unique it is, in history or not"


async def test_a_value_that_somebody_typed_is_not_taken_over_by_a_source(mapper: Mapper) -> None:
    """A clash with another person is that record's problem, with its field, its reason and its remedy."""
    await mapper.call("POST", "/fields", json={"label": "Badge", "unique": True})
    await mapper.map(badge={"kind": "source", "path": ["badge"]})
    by_hand = {"username": "ann", "email": "ann@example.com", "role": "Employee", "badge": "B-7"}
    await mapper.call("POST", "/people", json={"fields": by_hand})
    assert (await mapper.observe([source_user(1, badge="b-7"), source_user(2, badge="B-8")]))["added"] == 1
    (rejection,) = mapper.last("sync.page.applied.v1").rejections
    assert (rejection.code, rejection.field) == ("value_taken", "badge")
    assert rejection.remedy

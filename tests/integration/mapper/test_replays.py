"""Records that are told again, once the cause of their error is mended: applied, unless their user was seen since."""

from uuid import uuid4

from tests.support.mapper import Mapper, source_user


async def test_a_record_that_failed_is_applied_when_it_is_told_again(mapper: Mapper) -> None:
    """Somebody mends the mapping, and need not wait for the next run."""
    await mapper.map(email={"kind": "source", "path": ["mail"]})
    user = source_user(1, mail=None)
    page = mapper.page([user])
    await mapper.publish(page)
    assert mapper.last("sync.page.applied.v1").counts.failed == 1
    await mapper.map(email={"kind": "source", "path": ["email"]})
    again = mapper.provenance(run_id=uuid4(), replayed=True)
    await mapper.publish(page.model_copy(update={"id": uuid4(), "provenance": again}))
    assert mapper.last("sync.page.applied.v1").counts.added == 1
    (person,) = await mapper.people()
    assert person["fields"]["email"] == user["email"]


async def test_a_record_that_is_told_again_does_not_set_back_who_was_seen_since(mapper: Mapper) -> None:
    """A month-old record must not undo what the source has said meanwhile."""
    old = mapper.page([source_user(1, name="Before")])
    await mapper.observe([source_user(1, name="After")])
    mapper.told.clear()
    again = mapper.provenance(run_id=uuid4(), replayed=True)
    await mapper.publish(old.model_copy(update={"provenance": again}))
    assert mapper.last("sync.page.applied.v1").counts.unchanged == 1
    assert mapper.of("records.changed.v1") == []
    (person,) = await mapper.people()
    assert person["fields"]["full_name"] == "After"
    # Nor does it count as a sighting: the next listing decides who is there.
    await mapper.publish(mapper.listing(1))
    assert mapper.last("sync.absence.suspected.v1").source_ids == []

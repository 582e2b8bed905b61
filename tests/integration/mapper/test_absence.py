"""Who was missing: suspected by a listing, marked only with proof, and welcome back."""

from uuid import UUID, uuid4

from tests.support.mapper import Mapper, source_user


async def test_only_those_whom_the_listing_did_not_show_are_suspected(mapper: Mapper) -> None:
    """A suspicion is not a proof: nothing changes yet."""
    await mapper.observe([source_user(number) for number in range(10)])
    mapper.run_id = uuid4()
    await mapper.observe([source_user(number) for number in range(7)])
    await mapper.publish(mapper.listing(7))
    assert mapper.last("sync.absence.suspected.v1").source_ids == [str(UUID(int=number)) for number in (7, 8, 9)]
    assert not any(user["fields"].get("missing_since") for user in await mapper.saas_users())


async def test_a_rejected_record_was_shown_all_the_same(mapper: Mapper) -> None:
    """A known user whose record cannot be applied today is not missing."""
    await mapper.observe([source_user(1), source_user(2)])
    mapper.run_id = uuid4()
    assert (await mapper.observe([source_user(1), source_user(2, name="x" * 5000)]))["failed"] == 1
    await mapper.publish(mapper.listing(2))
    assert mapper.last("sync.absence.suspected.v1").source_ids == []


async def test_proof_marks_the_user_missing_and_deletes_nobody(mapper: Mapper) -> None:
    """404 is proof; any other answer is not."""
    await mapper.observe([source_user(1), source_user(2)])
    await mapper.publish(mapper.absent(str(UUID(int=1))))
    await mapper.publish(mapper.absent(str(UUID(int=2)), status=500))
    missing = [user["fields"]["source_id"] for user in await mapper.saas_users() if user["fields"].get("missing_since")]
    assert missing == [str(UUID(int=1))]
    applied = mapper.of("sync.absence.applied.v1")
    assert [(event.missing, event.newly_missing) for event in applied] == [(1, 1), (1, 0)]
    assert len(await mapper.people()) == 2


async def test_the_proof_is_kept_with_the_record(mapper: Mapper) -> None:
    """Months later somebody asks why: which run, over how many pages, asked what, and what the source said when."""
    await mapper.observe([source_user(1)])
    told = mapper.absent(str(UUID(int=1)))
    await mapper.publish(told.model_copy(update={"pages": 3, "records": 250}))
    (person,) = await mapper.people()
    newest = (await mapper.timeline(person["id"]))[-1]
    (proof,) = told.proofs
    assert newest["kind"] == "missing"
    assert newest["proof"] == {"run_id": str(mapper.run_id), "pages": 3, "records": 250, **proof.model_dump(mode="json")}


async def test_who_comes_back_is_returned_on_the_same_record(mapper: Mapper) -> None:
    """Sophos can bring a user back, with the old id or with a new one."""
    await mapper.observe([source_user(1)])
    (before,) = await mapper.saas_users()
    for number in (1, 50):
        gone = str(UUID(int=1))
        await mapper.publish(mapper.absent(gone))
        mapper.run_id = uuid4()
        assert (await mapper.observe([source_user(number, email="zoe.1@example.com")]))["updated"] == 1
        (after,) = await mapper.saas_users()
        assert after["id"] == before["id"]
        assert after["fields"]["missing_since"] is None
        assert after["fields"]["source_id"] == str(UUID(int=number))
        assert any(change.kind == "returned" for told in mapper.of("records.changed.v1") for change in told.changes)

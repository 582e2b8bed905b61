"""Planning and then applying does what a run would have done: the same people, the same books, for any directory and any past."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import func, select

from mapper.tables import LINKS, PEOPLE, SAAS_USERS
from shared.clock import now
from shared.events import ListingCompleted, PlannedPageApproved, ProofOfAbsence, UsersObserved, UsersProvenAbsent
from tests.support.end_state import OF_ONE_LOAD
from tests.support.mapper import MAPPING, Mapper, running_mapper, source_user

NAMES = ("Ann", "Bob", "Żoë", "")
MOMENTS = frozenset({"missing_since", "returned_at"})
"""Fields of which only whether they are set must be the same: the two sides live one after the other."""
Record = tuple[int, int, int | None]
"""Whom a record is about, what they are called, and which address they have, if any: two may want the same one."""
RECORDS = st.lists(
    st.tuples(st.integers(1, 7), st.integers(0, len(NAMES) - 1), st.none() | st.integers(1, 7)),
    max_size=7,
    unique_by=lambda record: record[0],
)
"""A directory shows nobody twice: what a run makes of the second time depends on when it comes, and a plan keeps the first."""
PREFERENCES = st.sampled_from(["create_and_update", "create_only", "update_only"])


@dataclass
class Side:
    """One of two equal worlds: an integration with a SaaS instance, a mapping and a domain of its own."""

    mapper: Mapper
    name: str
    rejected: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    async def made(cls, mapper: Mapper) -> "Side":
        """Return a side on which nothing has happened yet."""
        name = f"side{uuid4().hex}"
        mine = replace(mapper, integration_id=uuid4(), saas_instance_id=None, run_id=uuid4(), preference="create_and_update")
        instance = await mine.call("POST", "/saas-instances", json={"application": name})
        mine.saas_instance_id = UUID(instance["id"])
        await mine.call("PUT", f"/integrations/{mine.integration_id}/mapping", json=MAPPING)
        return cls(mine, name)

    def records(self, some: Sequence[Record]) -> list[dict[str, Any]]:
        """Return records as this side's source gives them."""
        return [
            source_user(number, name=NAMES[called], email=f"u{address}@{self.name}.example" if address is not None else None)
            for number, called, address in some
        ]

    async def run(self, pages: Sequence[Sequence[Record]]) -> dict[str, int]:
        """Run at once; return the books."""
        self.mapper.run_id = uuid4()
        books: dict[str, int] = {}
        for number, page in enumerate(pages, 1):
            await self._told(books, self.mapper.page(self.records(page), page=number))
        await self._absence("apply")
        return books

    async def plan_and_apply(self, pages: Sequence[Sequence[Record]]) -> dict[str, int]:
        """Plan, then apply the plan in a run of its own; return the books of that run."""
        self.mapper.run_id = planned = uuid4()
        before = await self.state()
        for number, page in enumerate(pages, 1):
            await self.mapper.publish(self.mapper.page(self.records(page), page=number, mode="plan"))
        proofs = await self._absence("plan")
        assert await self.state() == before, "a plan writes nothing"
        self.mapper.run_id = uuid4()
        books: dict[str, int] = {}
        provenance = self.mapper.provenance(plan_run_id=planned)
        for number, page in enumerate(pages, 1):
            await self._told(books, PlannedPageApproved(provenance=provenance, plan_run_id=planned, page=number, records=len(page)))
        await self.mapper.publish(UsersProvenAbsent(provenance=provenance, proofs=proofs))
        return books

    async def state(self) -> dict[str, Any]:
        """Return the records of this side without ids, times and its own name."""
        columns = (LINKS.c.source_id, LINKS.c.missing_since, PEOPLE.c.fields, PEOPLE.c.revision)
        of_user = (SAAS_USERS.c.fields.label("user_fields"), SAAS_USERS.c.revision.label("user_revision"))
        joined = LINKS.join(PEOPLE, PEOPLE.c.id == LINKS.c.person_id).outerjoin(SAAS_USERS, SAAS_USERS.c.id == LINKS.c.saas_user_id)
        mine = select(*columns, *of_user).select_from(joined).where(LINKS.c.integration_id == self.mapper.integration_id)
        async with self.mapper.database.reading() as session:
            rows = (await session.execute(mine)).all()
            users = await session.scalar(
                select(func.count()).select_from(SAAS_USERS).where(SAAS_USERS.c.saas_instance_id == self.mapper.saas_instance_id)
            )
        links = {
            row.source_id: (
                row.missing_since is not None,
                self._plain(row.fields),
                row.revision,
                self._plain(row.user_fields),
                row.user_revision,
            )
            for row in rows
        }
        return {"links": links, "saas_users": users}

    async def _told(self, books: dict[str, int], event: UsersObserved | PlannedPageApproved) -> None:
        await self.mapper.publish(event)
        applied = self.mapper.last("sync.page.applied.v1")
        for name, count in applied.counts.model_dump().items():
            books[name] = books.get(name, 0) + count
        self.rejected += [(rejection.source_id, rejection.code) for rejection in applied.rejections]

    async def _absence(self, mode: str) -> list[ProofOfAbsence]:
        """Complete the listing, and prove everybody absent whom it did not show."""
        provenance = self.mapper.provenance(mode=mode)
        await self.mapper.publish(ListingCompleted(provenance=provenance, pages=1, records=1))
        suspects = self.mapper.last("sync.absence.suspected.v1").source_ids
        proofs = [ProofOfAbsence(source_id=one, asked="GET /users/{id}", status=404, asked_at=now()) for one in suspects]
        await self.mapper.publish(UsersProvenAbsent(provenance=provenance, proofs=proofs))
        return proofs

    def _plain(self, fields: dict[str, Any] | None) -> Any:
        told = fields or {}
        kept = {key: value for key, value in told.items() if key not in OF_ONE_LOAD | MOMENTS}
        return json.dumps(kept, sort_keys=True).replace(self.name, "here"), [bool(told.get(key)) for key in sorted(MOMENTS)]


def test_a_plan_that_is_applied_ends_as_a_run_would_have(database_url: SecretStr, tmp_path: Path) -> None:
    """Whoever approved a plan approved just this; a difference would be a change that nobody was shown."""
    with asyncio.Runner() as runner:
        limits: dict[str, Any] = {"guard_day_records": 1_000_000, "guard_week_records": 1_000_000}
        running = running_mapper(database_url, tmp_path / "dead-letters", **limits)
        mapper = runner.run(running.__aenter__())

        @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
        @given(past=st.lists(RECORDS, max_size=2), then=RECORDS, size=st.integers(1, 4), preference=PREFERENCES)
        def ends_alike(past: list[list[Record]], then: list[Record], size: int, preference: str) -> None:
            runner.run(_alike(mapper, past, then, size, preference))

        try:
            ends_alike()
        finally:
            runner.run(running.__aexit__(None, None, None))


async def _alike(mapper: Mapper, past: list[list[Record]], then: list[Record], size: int, preference: str) -> None:
    """Let two sides have the same past, run one, plan and apply the other, and compare."""
    one, other = await Side.made(mapper), await Side.made(mapper)
    for side in (one, other):
        for directory in past:
            await side.run([directory] if directory else [])
        side.mapper.preference, side.rejected = preference, []
    pages = [then[start : start + size] for start in range(0, len(then), size)]
    run, applied = await one.run(pages), await other.plan_and_apply(pages)
    assert applied == run
    assert sorted(other.rejected) == sorted(one.rejected)
    assert await other.state() == await one.state()

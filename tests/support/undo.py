"""What tests of undoing ask for: undos, and all that an undo may touch, as it is stored."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from mapper.tables import LINKS, PEOPLE, SAAS_USERS, UNIQUE_VALUES
from shared.clock import now
from shared.events import ListingCompleted, ProofOfAbsence, UsersProvenAbsent
from tests.support.mapper import MAPPING, Mapper, source_user

Fields = dict[str, Any]


async def undo(mapper: Mapper, run_id: UUID | str, *, mode: str = "apply", of: str = "runs") -> dict[str, Any]:
    """Undo a run, or another undo; return it when it has ended."""
    return await ended(mapper, await mapper.call("POST", f"/{of}/{run_id}/undo", json={"mode": mode}))


async def ended(mapper: Mapper, undone: dict[str, Any]) -> dict[str, Any]:
    """Return an undo when it has ended."""
    async with asyncio.timeout(90):
        while undone["ended_at"] is None:
            await asyncio.sleep(0.05)
            undone = await mapper.call("GET", f"/undos/{undone['id']}")
    await mapper.drain()
    return undone


async def items(mapper: Mapper, undone: dict[str, Any], **params: Any) -> dict[str, dict[str, Any]]:
    """Return the records of an undo, by id."""
    found = await mapper.call("GET", f"/undos/{undone['id']}/items", params={"limit": 500, **params})
    return {item["record_id"]: item for item in found["items"]}


async def another(mapper: Mapper, **mapping: Any) -> Mapper:
    """Return the same mapper with an integration and a SaaS instance of its own."""
    mine = replace(mapper, integration_id=uuid4(), saas_instance_id=None, run_id=uuid4())
    instance = await mine.call("POST", "/saas-instances", json={"application": f"App {uuid4().hex}"})
    mine.saas_instance_id = UUID(instance["id"])
    await mine.call("PUT", f"/integrations/{mine.integration_id}/mapping", json={**MAPPING, **mapping})
    return mine


async def run(mapper: Mapper, users: list[dict[str, Any]], *, size: int = 100, absence: bool = True) -> UUID:
    """Run over a whole directory, page by page; whoever was not shown is proven absent. Return the run's id."""
    mapper.run_id = uuid4()
    for number, start in enumerate(range(0, len(users), size), 1):
        await mapper.publish(mapper.page(users[start : start + size], page=number))
    if absence:
        await mapper.publish(ListingCompleted(provenance=mapper.provenance(), pages=1, records=len(users)))
        suspects = mapper.last("sync.absence.suspected.v1").source_ids
        proofs = [ProofOfAbsence(source_id=one, asked="GET /users/{id}", status=404, asked_at=now()) for one in suspects]
        await mapper.publish(UsersProvenAbsent(provenance=mapper.provenance(), proofs=proofs))
    return mapper.run_id


async def stored(mapper: Mapper) -> dict[str, dict[str, Any]]:
    """Return everything that is stored, but for histories, revision numbers, and when something was last seen or written."""
    async with mapper.database.reading() as session:
        people = {str(row.id): _full(row.fields) for row in await session.execute(select(PEOPLE))}
        users = {str(row.id): (str(row.person_id), _full(row.fields)) for row in await session.execute(select(SAAS_USERS))}
        kept = ("person_id", "saas_user_id", "content_hash", "missing_since", "deleted_at", "first_observed_at")
        links = {
            f"{row.integration_id}/{row.source_id}": tuple(str(getattr(row, name)) for name in kept)
            for row in await session.execute(select(LINKS))
        }
        values = {f"{row.object_type}/{row.field}/{row.value}": str(row.record_id) for row in await session.execute(select(UNIQUE_VALUES))}
    return {"people": people, "saas_users": users, "links": links, "unique_values": values}


def named(number: int, name: str, domain: str, address: int | None = None) -> dict[str, Any]:
    """Return a user of a directory with a domain of its own."""
    return source_user(number, name=name, email=f"u{number if address is None else address}@{domain}")


def _full(fields: Fields) -> Fields:
    """Return the fields that have a value: one that is empty and one that was never there say the same."""
    return {key: value for key, value in fields.items() if value is not None}

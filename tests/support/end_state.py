"""What two loads of the same directory must have in common, whatever happened on the way: records, links, revisions."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select

from mapper.tables import LINKS, PEOPLE, REVISIONS, SAAS_USERS, SCHEMA
from shared.db.engine import engine_for

OF_ONE_LOAD = frozenset(
    {
        "person_id",
        "saas_instance_id",
        "integration_id",
        "tenant_id",
        "data_region",
        "synced_at",
        "source_created_at",
        "source_updated_at",
        "missing_since",
        "deleted_in_source_at",
    }
)
"""Fields that name ids, addresses or moments of one load."""


@dataclass(frozen=True, slots=True)
class EndState:
    """The mapper's records without ids and times, by e-mail."""

    people: dict[str, Any]
    saas_users: dict[str, Any]
    links: dict[str, Any]
    revisions: Counter[tuple[str, int, str]]


async def end_state(url: SecretStr) -> EndState:
    """Read what the mapper has."""
    engine = engine_for(url, SCHEMA.name)
    try:
        async with engine.connect() as session:
            people = {row.id: row for row in await session.execute(select(PEOPLE))}
            saas_users = {row.id: row for row in await session.execute(select(SAAS_USERS))}
            links = (await session.execute(select(LINKS))).all()
            revisions = (await session.execute(select(REVISIONS))).all()
    finally:
        await engine.dispose()
    return EndState(
        people={row.fields["email"]: _told(row.fields) for row in people.values()},
        saas_users={row.fields["email"]: (people[row.person_id].fields["email"], _told(row.fields)) for row in saas_users.values()},
        links={row.source_id: (people[row.person_id].fields["email"], row.missing_since is not None) for row in links},
        revisions=Counter(
            ((people | saas_users)[row.record_id].fields["email"], row.revision, f"{row.record_type} {row.kind}") for row in revisions
        ),
    )


def _told(fields: dict[str, Any]) -> dict[str, Any]:
    # Whether somebody is missing is compared, since when is not.
    missing = {"is_missing": fields.get("missing_since") is not None}
    return {key: value for key, value in fields.items() if key not in OF_ONE_LOAD} | missing

"""Which roles nobody has yet: where there are people, a new one is more often a spelling than a decision."""

from collections.abc import Mapping

from sqlalchemy import literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.checks.findings import MOST_ROLES, Group
from mapper.tables import PEOPLE
from shared.rules.fold import fold


async def unknown_roles(session: AsyncSession, roles: Mapping[str, Group]) -> dict[str, Group]:
    """Return those of the roles that no person has; none while there is nobody. One statement, for the most frequent roles."""
    if not roles or await session.scalar(select(PEOPLE.c.id).limit(1)) is None:
        return {}
    frequent = sorted(roles, key=lambda role: -roles[role].records)[:MOST_ROLES]
    column = PEOPLE.c.folded["role"].as_string()
    # The first person with the role is enough: a role that is known is found at once, however many people there are.
    asked = [
        select(literal(role).label("role")).where(select(PEOPLE.c.id).where(column == fold(role)).limit(1).exists()) for role in frequent
    ]
    known = set(await session.scalars(union_all(*asked)))
    return {role: roles[role] for role in frequent if role not in known}

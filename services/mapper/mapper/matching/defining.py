"""Defining sync keys: the values that records have in a new key are noted, while nobody writes records of that type."""

from collections.abc import Sequence

from pydantic import TypeAdapter
from sqlalchemy import and_, delete, func, select, text, union
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.matching.holding import holders_of
from mapper.matching.keys import Key, KeyClaim, keys_of
from mapper.records.changing import TABLES
from mapper.records.many import put
from mapper.tables import KEY_VALUES, MAPPING_USES, MAPPING_VERSIONS, MATCH_KEYS
from shared.api.mappings import MappedType, MappingIn
from shared.api.sync_keys import AnySyncKey
from shared.clock import now
from shared.unit import Units

AT_ONCE = 5_000
SYNC_KEYS: TypeAdapter[list[AnySyncKey]] = TypeAdapter(list[AnySyncKey])


async def define_keys(session: AsyncSession, given: MappingIn) -> None:
    """Let each key of a mapping be known that is no plain unique field."""
    keys = {key.name: key for key in keys_of(given.object_type, given.sync_keys) if not key.is_plain}
    if not keys:
        return
    if session.get_bind().dialect.name == "postgresql":
        # Whoever is writing ends first, and whoever comes later finds the key among those to keep (matching.holding).
        await session.execute(text(f"LOCK TABLE {TABLES[given.object_type].name} IN SHARE ROW EXCLUSIVE MODE"))
    mine = MATCH_KEYS.c.name.in_(keys)
    known = set(await session.scalars(select(MATCH_KEYS.c.name).where(mine).with_for_update()))
    new = [key for name, key in sorted(keys.items()) if name not in known]
    at = now()
    await put(
        session,
        MATCH_KEYS,
        [
            {"name": key.name, "object_type": given.object_type, "parts": [one.model_dump() for one in key.parts], "created_at": at}
            for key in new
        ],
    )
    if new:
        await _note_values(session, given.object_type, new)


async def _note_values(session: AsyncSession, object_type: MappedType, keys: Sequence[Key]) -> None:
    """Note what records have in these keys, some thousand at once."""
    table = TABLES[object_type]
    some = select(table.c.id, table.c.fields).order_by(table.c.id).limit(AT_ONCE)
    rows = (await session.execute(some)).all()
    while rows:
        claimed = [((key.name, value), row.id) for row in rows for key in keys if (value := key.value_of(row.fields)) is not None]
        taken: set[KeyClaim] = set(await holders_of(session, [claim for claim, _ in claimed]))
        noted = []
        for claim, record_id in claimed:
            shared = record_id.hex if claim in taken else ""
            noted.append({"value": claim[1], "key": claim[0], "shared": shared, "record_id": record_id})
            taken.add(claim)
        await put(session, KEY_VALUES, noted)
        rows = (await session.execute(some.where(table.c.id > rows[-1].id))).all()


async def forget_keys(units: Units) -> int:
    """Forget keys by which no mapping finds records any more, neither the newest version nor one that a run still uses."""
    async with units.begin() as unit:
        session = unit.session
        # Locked before the mappings are read: whoever stores one with such a key either ended before, or defines it anew.
        known = set(await session.scalars(select(MATCH_KEYS.c.name).with_for_update()))
        gone = known - await _in_use(session) if known else set()
        for name in sorted(gone):
            await session.execute(delete(KEY_VALUES).where(KEY_VALUES.c.key == name))
            await session.execute(delete(MATCH_KEYS).where(MATCH_KEYS.c.name == name))
    return len(gone)


async def _in_use(session: AsyncSession) -> set[str]:
    versions = MAPPING_VERSIONS.c
    newest = select(versions.integration_id, func.max(versions.version).label("version")).group_by(versions.integration_id)
    used = union(newest, select(MAPPING_USES.c.integration_id, MAPPING_USES.c.run_version)).subquery()
    same = and_(versions.integration_id == used.c.integration_id, versions.version == used.c.version)
    rows = await session.execute(select(versions.object_type, versions.sync_keys).join(used, same))
    return {key.name for row in rows for key in keys_of(row.object_type, SYNC_KEYS.validate_python(row.sync_keys))}

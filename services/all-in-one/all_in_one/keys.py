"""The connector's encryption keys, from the command line: which are in use, and bringing every secret under the current one."""

from collections.abc import Callable

from all_in_one.configuration import configure
from connector.secrets.keys import read_vault
from connector.secrets.rotation import KeyUse, Rotated, keys_in_use, rotate
from connector.tables import OUTBOX, SCHEMA
from shared.db.engine import opened
from shared.unit import Units


async def status() -> list[tuple[KeyUse, str]]:
    """Return each key that stored secrets need, and whether it is the current one, an old one at hand, or missing."""
    settings = configure().service("connector")
    vault = await read_vault(settings)
    async with opened(settings.database_url, SCHEMA.name) as database:
        found = await keys_in_use(database)
    if not any(use.key_id == vault.key_id for use in found):
        found.append(KeyUse(vault.key_id, 0, 0))
    return [(use, "current" if use.key_id == vault.key_id else "old" if vault.can_open(use.key_id) else "missing") for use in found]


async def rotate_all(batch: int, said: Callable[[int], None]) -> Rotated:
    """Bring every secret under the current key; services may run meanwhile, when they have both keys."""
    settings = configure().service("connector")
    vault = await read_vault(settings)
    async with opened(settings.database_url, SCHEMA.name) as database:
        return await rotate(Units(database, OUTBOX), vault, batch=batch, after_batch=said)

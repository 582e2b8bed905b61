"""Bringing every secret under a new key: stopped anywhere, run again, beside services that read and write."""

import asyncio
import os
import random
import sys
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr
from sqlalchemy import func, select

from connector.credentials.changing import renew_secret
from connector.credentials.credentials import add_credential, stored_credential
from connector.secrets.rotation import keys_in_use, rotate
from connector.secrets.vault import Vault
from connector.settings import key_bytes
from connector.sources.sophos.manifest import MANIFEST
from connector.tables import CREDENTIALS, OUTBOX, SCHEMA
from shared.api.credentials import ClientCredentialsIn, SecretIn
from shared.db.engine import Database, opened
from shared.db.migrate import upgrade
from shared.unit import Units

OLD, NEW, LOST = (SecretStr(b64encode(letter * 32).decode()) for letter in (b"o", b"n", b"l"))
BEFORE, MEANWHILE = Vault(OLD), Vault(NEW, [OLD])


@pytest.fixture
async def database(database_url: SecretStr) -> AsyncIterator[Database]:
    """Give a migrated database."""
    await upgrade(database_url, SCHEMA)
    async with opened(database_url, SCHEMA.name) as database:
        yield database


def units(database: Database) -> Units:
    """Return units on the database."""
    return Units(database, OUTBOX)


async def stored(database: Database, count: int, *, vault: Vault = BEFORE) -> dict[UUID, str]:
    """Store credentials, every other one as the first version did; return their secrets by id."""
    secrets = {}
    async with units(database).begin() as unit:
        for number in range(count):
            given = ClientCredentialsIn(name=f"{vault.key_id} {number}", client_id="c", client_secret=SecretStr(f"s3cret {number}"))
            made = await add_credential(unit.session, given, MANIFEST, vault)
            secrets[made.id] = f"s3cret {number}"
            if number % 2 and vault is BEFORE:
                await unit.session.execute(
                    CREDENTIALS.update().where(CREDENTIALS.c.id == made.id).values(**first_form(made.id, secrets[made.id]))
                )
    return secrets


def first_form(about: UUID, secret: str) -> dict[str, bytes | None]:
    """Return a secret as the first version encrypted it: by the master key itself."""
    nonce = os.urandom(12)
    sealed = AESGCM(key_bytes(OLD)).encrypt(nonce, secret.encode(), f"{BEFORE.key_id}:{about}".encode())
    return {"secret": nonce + sealed, "data_key": None}


async def readable(database: Database, secrets: dict[UUID, str], vault: Vault) -> None:
    """Assert that every secret opens, and is what it was."""
    async with database.reading() as session:
        for about, secret in secrets.items():
            assert (await stored_credential(session, about)).access(vault).client_secret.get_secret_value() == secret


class Stopped(Exception):
    """What stops a rotation in this test."""


def stopping(after: int) -> Callable[[int], None]:
    """Return a hook that stops a rotation once so many secrets are done."""

    def stop(done: int) -> None:
        if done >= after:
            raise Stopped

    return stop


@pytest.mark.parametrize("seed", range(8))
async def test_a_rotation_that_is_stopped_again_and_again_ends_with_every_secret_under_the_new_key(database: Database, seed: int) -> None:
    """After each stop every secret is readable by services that have both keys; at the end by those that have only the new one."""
    chance = random.Random(seed)
    secrets = await stored(database, 40)
    for _ in range(100):
        try:
            await rotate(units(database), MEANWHILE, batch=chance.randint(1, 9), after_batch=stopping(chance.randint(1, 15)))
        except Stopped:
            await readable(database, secrets, MEANWHILE)
        else:
            break
    await readable(database, secrets, Vault(NEW))
    (use,) = await keys_in_use(database)
    assert (use.key_id, use.secrets, use.directly) == (MEANWHILE.key_id, 40, 0)
    assert (await rotate(units(database), MEANWHILE, batch=7)).rewrapped == 0


async def test_a_secret_that_is_renewed_during_a_rotation_keeps_its_new_value(database: Database) -> None:
    """A rotation that writes back what it read before would bring a withdrawn secret back."""
    secrets = await stored(database, 30)
    chance, started = random.Random(1), asyncio.Event()

    async def renew() -> None:
        await started.wait()
        for about in chance.sample(sorted(secrets), 15):
            async with units(database).begin() as unit:
                given = SecretIn.model_validate({"secrets": {"client_secret": f"new {about}"}})
                await renew_secret(unit.session, about, given, chance.choice([BEFORE, MEANWHILE]))
            secrets[about] = f"new {about}"
            await readable(database, {about: secrets[about]}, MEANWHILE)

    async def rotating() -> None:
        await rotate(units(database), MEANWHILE, batch=2, after_batch=lambda _done: started.set())

    await asyncio.gather(renew(), rotating())
    await readable(database, secrets, MEANWHILE)
    await rotate(units(database), MEANWHILE, batch=2)
    await readable(database, secrets, Vault(NEW))


async def test_two_rotations_at_once_do_no_harm(database: Database) -> None:
    """Two operators, or one with two terminals."""
    secrets = await stored(database, 30)
    both = await asyncio.gather(*(rotate(units(database), MEANWHILE, batch=3) for _ in range(2)))
    assert sum(one.rewrapped for one in both) == 30
    await readable(database, secrets, Vault(NEW))


async def test_a_secret_under_a_key_that_is_lost_is_named_and_left_alone(database: Database) -> None:
    """It may be found again; the others must not wait for it."""
    secrets = await stored(database, 4)
    lost = await stored(database, 3, vault=Vault(LOST))
    done = await rotate(units(database), MEANWHILE, batch=2)
    assert (done.rewrapped, set(done.unreadable)) == (4, set(lost))
    await readable(database, secrets, Vault(NEW))
    await readable(database, lost, Vault(LOST))


async def test_the_command_survives_being_killed(database_url: SecretStr, tmp_path: Path) -> None:
    """`rollcall keys rotate` is shot in the middle of its work; run again, it goes on."""
    await upgrade(database_url, SCHEMA)
    async with opened(database_url, SCHEMA.name) as database:
        secrets = await stored(database, 120)
        shot = await command(database_url, tmp_path, "rotate", "--batch", "1")
        async with asyncio.timeout(60):
            while not await moved(database):  # noqa: ASYNC110 - another process tells nobody
                await asyncio.sleep(0.01)
        shot.kill()
        await shot.communicate()
        assert 0 < await moved(database) < 120
        await readable(database, secrets, MEANWHILE)
        again = await command(database_url, tmp_path, "rotate")
        said, _ = await again.communicate()
        assert (again.returncode, b"unreadable: 0" in said) == (0, True), said
        assert await moved(database) == 120
        await readable(database, secrets, Vault(NEW))
        shown, _ = await (await command(database_url, tmp_path, "status")).communicate()
        assert MEANWHILE.key_id.encode() in shown
        assert BEFORE.key_id.encode() not in shown
        assert all(key.get_secret_value().encode() not in said + shown for key in (OLD, NEW))


async def moved(database: Database) -> int:
    """Return how many secrets are under the new key."""
    async with database.reading() as session:
        counted = select(func.count()).select_from(CREDENTIALS).where(CREDENTIALS.c.key_id == MEANWHILE.key_id)
        return await session.scalar(counted) or 0


async def command(url: SecretStr, directory: Path, *words: str) -> asyncio.subprocess.Process:
    """Start `rollcall keys`."""
    environment = {
        **os.environ,
        "ROLLCALL_DATA_DIR": str(directory / "data"),
        "ROLLCALL_CONNECTOR_DATABASE_URL": url.get_secret_value(),
        "ROLLCALL_CONNECTOR_ENCRYPTION_KEY_COMMAND": f"echo {NEW.get_secret_value()}",
        "ROLLCALL_CONNECTOR_OLD_ENCRYPTION_KEYS": OLD.get_secret_value(),
    }
    rollcall = Path(sys.executable).with_name("rollcall")
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        str(rollcall), "keys", *words, env=environment, stdout=pipe, stderr=asyncio.subprocess.STDOUT
    )

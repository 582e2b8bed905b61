"""A database of the first version is brought to this one, and back, with what is in it."""

import os
from base64 import b64decode
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr
from sqlalchemy import text

from connector.credentials.credentials import stored_credential
from connector.secrets.vault import Vault
from connector.tables import SCHEMA
from shared.clock import now
from shared.db.engine import opened
from shared.db.migrate import check, downgrade, upgrade
from shared.ids import new_id
from tests.support.connector import ENCRYPTION_KEY

INSERTS = (
    """INSERT INTO credentials (id, name, name_key, kind, provider, client_id, secret, key_id, created_at)
    VALUES (:id, 'Sophos', 'sophos', 'oauth2_client_credentials', 'sophos-users', 'ann', :secret, :key_id, :at)""",
    """INSERT INTO variables (id, name, name_key, value, created_at, updated_at) VALUES (:id, 'Region', 'region', 'eu', :at, :at)""",
    """INSERT INTO integrations (id, provider, name, name_key, state, installation, preference, credential_id, created_at, updated_at)
    VALUES (:id, 'sophos-users', 'Users', 'users', 'active', 'cloud', 'create_and_update', :id, :at, :at)""",
    "INSERT INTO integration_inputs (integration_id, key, variable_id) VALUES (:id, 'data_region', :id)",
)


async def test_what_the_first_version_stored_is_there_after_the_upgrade(database_url: SecretStr, tmp_path: Path) -> None:
    """Integrations keep their credential and inputs, the secret opens, and the way back is open as well."""
    del tmp_path
    about = new_id()
    vault = Vault(ENCRYPTION_KEY)
    nonce = os.urandom(12)
    cipher = AESGCM(b64decode(ENCRYPTION_KEY.get_secret_value()))
    secret = nonce + cipher.encrypt(nonce, b"s3cret", f"{vault.key_id}:{about}".encode())
    await upgrade(database_url, SCHEMA, "0001")
    async with opened(database_url, SCHEMA.name) as database:
        postgres = database.is_postgres
        values: dict[str, Any] = {"id": about if postgres else about.hex, "secret": secret, "key_id": vault.key_id}
        values["at"] = now() if postgres else now().replace(tzinfo=None).isoformat(" ")
        async with database.writes() as session, session.begin():
            for statement in INSERTS:
                await session.execute(text(statement), values)
    await upgrade(database_url, SCHEMA)
    await check(database_url, SCHEMA)
    async with opened(database_url, SCHEMA.name) as database, database.reading() as session:
        access = (await stored_credential(session, about)).access(vault)
        assert (access.client_id, access.client_secret.get_secret_value()) == ("ann", "s3cret")
        assert await _counts(session) == [1, 1, 1, 1]
    await downgrade(database_url, SCHEMA, "0001")
    async with opened(database_url, SCHEMA.name) as database, database.reading() as session:
        assert await _counts(session) == [1, 1, 1, 1]
        assert await session.scalar(text("SELECT client_id FROM credentials")) == "ann"


async def _counts(session: Any) -> list[int]:
    tables = ("credentials", "variables", "integrations", "integration_inputs")
    return [await session.scalar(text(f"SELECT count(*) FROM {table}")) for table in tables]

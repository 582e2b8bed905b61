"""Where the encryption key comes from: one place, whichever, and nothing of it in any error."""

import shlex
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from connector.secrets.keys import read_vault
from connector.secrets.vault import Vault
from connector.settings import ConnectorSettings
from shared.config import BadSettings, load
from shared.ids import new_id
from tests.support.connector import ENCRYPTION_KEY

SECRETS = {"password": SecretStr("s3cret")}
DATABASE = SecretStr("sqlite:///x.db")
KEY = ENCRYPTION_KEY.get_secret_value()
OLD = SecretStr(b64encode(b"o" * 32).decode())


def settings(**given: Any) -> ConnectorSettings:
    """Return settings with these keys."""
    return load(ConnectorSettings, database_url=DATABASE, **given)


def python(code: str) -> str:
    """Return a command that runs some Python."""
    return shlex.join([sys.executable, "-c", code])


async def test_the_same_key_from_each_place_opens_the_same_secret(tmp_path: Path) -> None:
    """Moving the key from the environment into a vault must not need anything else."""
    file = tmp_path / "key"
    file.write_text(KEY + "\n")
    about = new_id()
    sealed = Vault(ENCRYPTION_KEY).seal(SECRETS, about=about)
    for given in ({"encryption_key": ENCRYPTION_KEY}, {"encryption_key_file": file}, {"encryption_key_command": python(f"print('{KEY}')")}):
        assert (await read_vault(settings(**given))).open(sealed, about=about) == SECRETS


@pytest.mark.parametrize("given", [{}, {"encryption_key": ENCRYPTION_KEY, "encryption_key_file": Path("key")}])
def test_exactly_one_place_is_named(given: dict[str, Any]) -> None:
    """With two of them nobody knows which is in force."""
    with pytest.raises(BadSettings, match=r"ROLLCALL_CONNECTOR_ENCRYPTION_KEY: .*exactly one"):
        settings(**given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"encryption_key_file": Path("/nowhere/key")}, "KEY_FILE: /nowhere/key cannot be read"),
        ({"encryption_key_file": Path("/dev/zero")}, "KEY_FILE: what it gives must be 32 random bytes"),
        ({"encryption_key_command": "/nowhere/print-key"}, "KEY_COMMAND: the command cannot be started"),
        ({"encryption_key_command": "'unclosed"}, "KEY_COMMAND: the command cannot be started"),
        ({"encryption_key_command": python("print('canary')")}, "KEY_COMMAND: what it gives must be 32 random bytes"),
        ({"encryption_key_command": python("print('canary' * 10000)")}, "printed more than 4096 bytes"),
        ({"encryption_key_command": python("print('canary'); raise SystemExit(3)")}, "ended with 3"),
        ({"encryption_key_command": python(f"import time; print('{KEY}', flush=True); time.sleep(60)")}, "did not end within 0.5 seconds"),
        ({"encryption_key_command": f"{python('print(1)')} | sh"}, "must be 32 random bytes"),
    ],
)
async def test_a_place_that_gives_no_key_is_named_with_the_reason(given: dict[str, Any], words: str) -> None:
    """The service does not start; whoever reads why learns nothing of the key."""
    with pytest.raises(BadSettings) as refused:
        await read_vault(settings(**given), seconds=0.5 if "sleep" in str(given) else 30)
    assert words in refused.value.message
    assert "canary" not in repr(refused.value.__dict__)
    assert KEY not in repr(refused.value.__dict__)


async def test_old_keys_open_what_they_sealed_and_seal_nothing_new() -> None:
    """While secrets are brought under a new key, all of them are readable."""
    about = new_id()
    vault = await read_vault(settings(encryption_key=ENCRYPTION_KEY, old_encryption_keys=SecretStr(f"  {OLD.get_secret_value()} {KEY}")))
    assert vault.open(Vault(OLD).seal(SECRETS, about=about), about=about) == SECRETS
    assert vault.seal(SECRETS, about=about).key_id == Vault(ENCRYPTION_KEY).key_id
    with pytest.raises(BadSettings, match="ROLLCALL_CONNECTOR_OLD_ENCRYPTION_KEYS"):
        settings(encryption_key=ENCRYPTION_KEY, old_encryption_keys=SecretStr("short"))

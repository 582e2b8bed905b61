"""Where the master keys come from: the environment, a file, or a command."""

import asyncio
import contextlib
import shlex
from pathlib import Path

from pydantic import SecretStr

from connector.secrets.vault import Vault
from connector.settings import ConnectorSettings, key_bytes, old_keys
from shared.config import BadSettings

COMMAND_SECONDS = 30.0
LARGEST_KEY = 4096
"""Bytes; a file or an output that is longer is no key."""
FILE = "ROLLCALL_CONNECTOR_ENCRYPTION_KEY_FILE"
COMMAND = "ROLLCALL_CONNECTOR_ENCRYPTION_KEY_COMMAND"


async def read_vault(settings: ConnectorSettings, *, seconds: float = COMMAND_SECONDS) -> Vault:
    """Return the vault with the key that the settings name, and with the old keys. Raises `BadSettings`, which never repeats a key."""
    return Vault(await _current_key(settings, seconds), old_keys(settings.old_encryption_keys))


async def _current_key(settings: ConnectorSettings, seconds: float) -> SecretStr:
    if settings.encryption_key_file is not None:
        return _checked(FILE, await asyncio.to_thread(_read, settings.encryption_key_file))
    if settings.encryption_key_command is not None:
        return _checked(COMMAND, await _told(settings.encryption_key_command, seconds))
    assert settings.encryption_key is not None  # noqa: S101 - the settings make sure that one of the three is there
    return settings.encryption_key


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_KEY + 1)
    except OSError as error:
        raise _bad(FILE, f"{path} cannot be read: {error.strerror}") from None


async def _told(command: str, seconds: float) -> bytes:
    """Return what the command prints. It runs without a shell; what it says on standard error is not kept, it may be about the key."""
    nowhere = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(*shlex.split(command), stdin=nowhere, stdout=asyncio.subprocess.PIPE, stderr=nowhere)
    except (OSError, ValueError) as error:
        raise _bad(COMMAND, f"the command cannot be started ({type(error).__name__})") from None
    try:
        async with asyncio.timeout(seconds):
            printed = await _bounded(process)
            code = await process.wait()
    except TimeoutError:
        raise _bad(COMMAND, f"the command did not end within {seconds:g} seconds") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if code != 0:
        raise _bad(COMMAND, f"the command ended with {code}")
    return printed


async def _bounded(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    printed = b""
    while len(printed) <= LARGEST_KEY and (part := await process.stdout.read(LARGEST_KEY)):
        printed += part
    if len(printed) > LARGEST_KEY:
        raise _bad(COMMAND, f"the command printed more than {LARGEST_KEY} bytes")
    return printed


def _checked(variable: str, raw: bytes) -> SecretStr:
    key = SecretStr(raw[: LARGEST_KEY + 1].decode("ascii", errors="replace").strip())
    try:
        key_bytes(key)
    except ValueError as error:
        raise _bad(variable, f"what it gives {error}") from None
    return key


def _bad(variable: str, message: str) -> BadSettings:
    return BadSettings(
        f"{variable}: {message}",
        remedy="Let it give 32 random bytes in base64, such as `openssl rand -base64 32` prints.",
        fields=[{"field": variable, "message": message}],
    )

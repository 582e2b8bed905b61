"""Where something could have been written down that must not be: files, rows, and the disguises of a secret."""

import json
from base64 import b64encode, urlsafe_b64encode
from pathlib import Path
from urllib.parse import quote, quote_plus

from pydantic import SecretStr
from sqlalchemy import select

from connector.tables import METADATA, SCHEMA
from shared.db.engine import opened


def disguises(secret: str) -> set[bytes]:
    """Return a secret as it may be written down: as it is, escaped, in an address, in hex, in base64 wherever it begins."""
    raw = secret.encode()
    texts = {secret, json.dumps(secret)[1:-1], repr(secret)[1:-1], quote(secret, safe=""), quote_plus(secret), raw.hex()}
    found = {text.encode() for text in texts}
    for encode in (b64encode, urlsafe_b64encode):
        for shift in range(3):
            # What stands before and after it changes the first and the last characters.
            found.add(encode(b"\0" * shift + raw)[4 if shift else 0 :].rstrip(b"=")[:-4])
    return found


def files(directory: Path) -> dict[str, bytes]:
    """Return what is in the files below a directory: the SQLite database, its log, dead letters."""
    return {str(path): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


async def rows(url: SecretStr) -> bytes:
    """Return everything that the database holds, as text and as bytes."""
    found: list[object] = []
    async with opened(url, SCHEMA.name) as database, database.reading() as session:
        for table in METADATA.sorted_tables:
            found.extend(tuple(row) for row in await session.execute(select(table)))
    return repr(found).encode()

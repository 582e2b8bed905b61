"""Web addresses that somebody types in: stored and shown as they are, so nothing secret may stand in them."""

import re
from urllib.parse import parse_qsl, urlsplit

import httpx

SECRET_NAME = re.compile(
    r"(api|access|account|app|client|subscription|functions?|private|master|shared)?[-_.]?key|token|secret|passw|passphrase|^pw$|pwd|signature"
    r"|^sig$|^hmac$|^auth$|authorization|credential|session|bearer|^jwt$|^code$",
    re.IGNORECASE,
)
"""Names of query parameters that hold a secret nearly everywhere."""
LIKE_A_SECRET = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9+/=_~.-]{24,}")
"""A value as keys and tokens look: long, of letters and digits, without a space."""
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
"""Tenants and organizations are named so; keys seldom are."""

Problem = tuple[str, str]
"""What is wrong, and the remedy. Neither repeats what stands in the address."""
NOT_AN_ADDRESS: Problem = (
    "is not a web address without a password",
    "Type it whole, such as https://host/path; passwords belong into the credential.",
)


def problem_of_address(value: str) -> Problem | None:
    """Return what is wrong with an address, or None: it needs a scheme and a host, and must hold no user, password, key or token."""
    try:
        httpx.URL(value)
        parts = urlsplit(value)
        whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except (ValueError, httpx.InvalidURL):
        return NOT_AN_ADDRESS
    if not whole or re.search(r"\s", value) or "@" in parts.netloc:
        return NOT_AN_ADDRESS
    return _problem_of_query(parts.query) or _problem_of_query(parts.fragment)


def _problem_of_query(query: str) -> Problem | None:
    for name, value in parse_qsl(query, keep_blank_values=True):
        if SECRET_NAME.search(name) or (LIKE_A_SECRET.fullmatch(value) and not UUID.fullmatch(value)) or LIKE_A_SECRET.fullmatch(name):
            shown = "a parameter" if LIKE_A_SECRET.fullmatch(name) else f"the parameter {name[:40]!r}"
            return (
                f"holds {shown}, which looks like a secret; addresses are stored and shown as they are",
                "Take it out of the address: a credential of the kind api_key adds its key to the query (placement query) or to a header.",
            )
    return None

"""Which devices are meant: the filters of the endpoint list."""

import ipaddress
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sophos_central_simulator.moments import moment_in
from sophos_central_simulator.queries import Query

Json = dict[str, Any]
Test = Callable[[Json], bool]

WORDS = {
    "healthStatus": (("health", "overall"), frozenset({"good", "suspicious", "bad", "unknown"})),
    "type": (("type",), frozenset({"computer", "server"})),
    "lockdownStatus": (("lockdown", "status"), frozenset({"locking", "locked", "unlocked", "notInstalled", "unavailable"})),
    "overallEncryptionStatus": (
        ("encryption", "overallStatus"),
        frozenset({"encrypted", "encrypting", "notEncrypted", "suspended", "unknown"}),
    ),
    "isolationStatus": (("isolation", "status"), frozenset({"isolated", "notIsolated"})),
}
YES_OR_NO = {
    "tamperProtectionEnabled": "tamperProtectionEnabled",
    "tamperProtectionSupported": "tamperProtectionSupported",
    "online": "online",
    "cloud": "cloud",
}
TIMES = {"lastSeen": "lastSeenAt", "lastOsUpdate": "lastOsUpdateAt", "lastAgentUpdate": "lastAgentUpdateAt"}
CONTAINED = {"hostnameContains": "hostname", "serialNumberContains": "serialNumber", "associatedPersonContains": "associatedPersonName"}
SEARCHED: dict[str, Callable[[Json], list[str]]] = {
    "hostname": lambda row: [row["hostname"]],
    "serialNumber": lambda row: [row["serialNumber"]],
    "groupName": lambda row: [row["group"]["name"]],
    "associatedPersonName": lambda row: [str(text) for name, text in row.get("associatedPerson", {}).items() if name != "id"],
    "ipAddresses": lambda row: [*row["ipv4Addresses"], *row["ipv6Addresses"]],
}


def tests_of(query: Query, now: datetime) -> list[Test]:
    """Return the tests that a device must pass. Raises `Refused`."""
    return [*_words(query), *_yes_or_no(query), *_times(query, now), *_texts(query), *_addresses(query)]


def _words(query: Query) -> list[Test]:
    tests: list[Test] = []
    for name, (path, known) in WORDS.items():
        asked = set(query.many(name))
        if asked - known:
            query.malformed(name)
        if asked & known:
            tests.append(lambda row, path=path, asked=asked: _at(row, path) in asked)  # type: ignore[misc]
    return tests


def _yes_or_no(query: Query) -> list[Test]:
    tests: list[Test] = []
    for name, column in YES_OR_NO.items():
        text = query.params.get(name, "").lower()
        if text in {"true", "false"}:
            tests.append(lambda row, column=column, wanted=text == "true": bool(row.get(column)) is wanted)  # type: ignore[misc]
        elif text:
            query.malformed(name)
    return tests


def _times(query: Query, now: datetime) -> list[Test]:
    tests: list[Test] = []
    for name, column in TIMES.items():
        if before := moment_in(query, f"{name}Before", now):
            tests.append(lambda row, column=column, before=before: row[column] < before)  # type: ignore[misc]
        if after := moment_in(query, f"{name}After", now):
            tests.append(lambda row, column=column, after=after: row[column] >= after)  # type: ignore[misc]
    return tests


def _texts(query: Query) -> list[Test]:
    tests = [_containing(query.params[name], (column,)) for name, column in CONTAINED.items() if query.params.get(name)]
    asked = query.many("searchFields")
    if any(name not in SEARCHED for name in asked):
        query.malformed("searchFields")
    if term := query.params.get("search", "").strip():
        tests.append(_containing(term, tuple(name for name in asked if name in SEARCHED) or ("hostname",)))
    return tests


def _addresses(query: Query) -> list[Test]:
    tests: list[Test] = []
    if ids := {one.lower() for one in query.many("ids")}:
        tests.append(lambda row: row["id"] in ids)
    if ips := {_ip(text) for text in query.many("ipAddresses")}:
        tests.append(lambda row: not ips.isdisjoint(map(_ip, SEARCHED["ipAddresses"](row))))
    if macs := {_mac(text) for text in query.many("macAddresses")}:
        tests.append(lambda row: not macs.isdisjoint(map(_mac, row["macAddresses"])))
    return tests


def _containing(term: str, fields: tuple[str, ...]) -> Test:
    folded = term.casefold()
    return lambda row: any(folded in text.casefold() for name in fields for text in SEARCHED[name](row))


def _at(row: Json, path: tuple[str, ...]) -> Any:
    value: Any = row
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _ip(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return text


def _mac(text: str) -> str:
    return re.sub(r"[^0-9a-f]", "", text.lower())

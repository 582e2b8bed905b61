"""Records as no source should send them, by the thousand, each with what must become of it."""

import random
import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from json import dumps
from typing import Any, Literal

Ends = Literal["stored", "rejected", "refused", "repeated"]
"""Stored as it was sent; an error of the mapper, to be told again; one of the connector, to be mended at the source; an id twice."""

PAGE_SIZE = 1000
FIELDS: dict[str, str] = {"note": "text", "size": "number", "seen": "datetime", "on": "boolean", "labels": "text_list"}
"""The fields that records are mapped to, beside the address: of each type one."""
NOTHING: Any = None


@dataclass(frozen=True, slots=True)
class Horror:
    """One record: as it is sent, what must become of it, and how it is once it is mended at the source."""

    number: int
    kind: str
    ends: Ends
    raw: bytes
    expected: dict[str, Any]
    """What is stored of it, where it is."""
    without_id: bool = False
    """Nobody can be named: its error has no id."""

    @property
    def source_id(self) -> str:
        """The id of a record that has one."""
        return id_of(self.number)

    @property
    def spare(self) -> dict[str, Any]:
        """The values that a mended mapping takes instead."""
        return spare(self.number)

    @property
    def mended(self) -> bytes:
        """The record as its source sends it once somebody mended it."""
        return dumps({"id": self.source_id, **plain(self.number), "spare": self.spare}).encode()


def id_of(number: int) -> str:
    """Return the id of a record."""
    return f"h-{number:05}"


def plain(number: int) -> dict[str, Any]:
    """Return good values of a record."""
    return {
        "mail": f"h{number}@bad.example",
        "note": f"note {number}",
        "size": number,
        "seen": "2026-01-02T03:04:05.006Z",
        "on": True,
        "labels": ["a"],
    }


def spare(number: int) -> dict[str, Any]:
    """Return good values for a mended mapping."""
    return {
        "mail": f"s{number}@bad.example",
        "note": f"spare {number}",
        "size": -number,
        "seen": "2026-11-12T13:14:15.016Z",
        "on": False,
        "labels": ["b"],
    }


@dataclass(frozen=True, slots=True)
class Bad:
    """What is wrong with a record: JSON in place of some of its values, or of all of it."""

    ends: Ends
    instead: dict[str, str | bytes]
    """JSON by key; of keys that are not there before, and of `id`, too."""
    stored: Any = NOTHING
    whole: str | None = None
    again: str = ""
    """What stands in front of all other keys."""


Make = Callable[[random.Random, int], Bad]


def horrors(count: int, *, seed: int) -> Iterator[Horror]:
    """Give so many records, every kind in turn; the same for the same seed."""
    chance = random.Random(seed)
    for number in range(count):
        kind = list(KINDS)[number % len(KINDS)]
        yield _horror(number, kind, KINDS[kind](chance, number))


def _horror(number: int, kind: str, bad: Bad) -> Horror:
    values = plain(number)
    said = {"id": dumps(id_of(number)), "no": str(number), **{key: dumps(value) for key, value in values.items()}, **bad.instead}
    said["spare"] = dumps(spare(number))
    parts = [bad.again.encode()] if bad.again else []
    parts += [dumps(key).encode() + b": " + (told if isinstance(told, bytes) else told.encode()) for key, told in said.items() if told]
    raw = b"{" + b", ".join(parts) + b"}" if bad.whole is None else bad.whole.encode()
    field = next((key for key in bad.instead if key in values), None)
    expected = values if field is None else {**values, field: bad.stored}
    return Horror(
        number, kind, bad.ends, raw, expected, without_id=("id" in bad.instead and bad.ends == "refused") or bad.whole is not None
    )


def _one(key: str, ends: Ends, *said: str | bytes) -> Make:
    """Return what puts one of these into a value."""
    return lambda chance, _number: Bad(ends, {key: chance.choice(said)})


def _kept(key: str, *pairs: tuple[str, Any]) -> Make:
    """Return what puts one of these into a value, which is then stored like that."""

    def make(chance: random.Random, _number: int) -> Bad:
        said, stored = chance.choice(pairs)
        return Bad("stored", {key: said}, stored)

    return make


def _giant(key: str, ends: Ends, shortest: int, longest: int) -> Make:
    def make(chance: random.Random, number: int) -> Bad:
        # Now and then one that is a hundred times as long.
        length = chance.randint(shortest, longest) * (100 if ends == "rejected" and number % 1000 < len(KINDS) else 1)
        text = chance.choice("xé日😀") * (length // 2) + "y" * (length - length // 2)
        return Bad(ends, {key: dumps(text, ensure_ascii=chance.random() < 0.5)}, text)

    return make


def _odd_text(chance: random.Random, _number: int) -> Bad:
    """Use every character but the few that cannot be kept."""
    odd = [
        *range(1, 32),
        0x7F,
        0x85,
        0xA0,
        0x200B,
        0x202E,
        0x2028,
        0xFEFF,
        0xFFFD,
        0xFFFE,
        0xFFFF,
        0x1F469,
        0x200D,
        0x301,
        0x10FFFF,
        0xE000,
    ]
    text = "a" + "".join(chr(chance.choice(odd)) for _ in range(chance.randint(1, 40))) + "z"
    return Bad("stored", {"note": dumps(text, ensure_ascii=chance.random() < 0.5)}, text)


def _deep(ends: Ends, shallowest: int, deepest: int) -> Make:
    def make(chance: random.Random, _number: int) -> Bad:
        depth = chance.randint(shallowest, deepest)
        begin, end = chance.choice([("[", "]"), ('{"a": ', "}"), ('[{"]": ', "}]")])
        return Bad(ends, {"extra": begin * depth + '"[{\\"' + '"' + end * depth})

    return make


def _twice(chance: random.Random, _number: int) -> Bad:
    """Tell a key twice: the last one counts, as for every reader of JSON."""
    key, said = chance.choice([("note", '"first"'), ("id", '"other"'), ("size", "[]"), ("mail", "{}")])
    return Bad("stored", {}, again=f'"{key}": {said}')


def _of_somebody(chance: random.Random, number: int) -> Bad:
    """Take the address of somebody who is stored, and write it otherwise."""
    mail = plain(_somebody(number, "an address of somebody"))["mail"]
    return Bad("rejected", {"mail": dumps(chance.choice([mail, mail.upper(), f" {mail} "]))})


def _repeated(_chance: random.Random, number: int) -> Bad:
    """Take the id of somebody who is stored, on the same page: on another one it would be the same user, told again."""
    other = _somebody(number, "an id of somebody")
    return Bad("repeated", {"id": dumps(id_of(other))}) if other // PAGE_SIZE == number // PAGE_SIZE else Bad("stored", {})


def _somebody(number: int, kind: str) -> int:
    """Return the nearest record before one of this kind with which nothing is wrong."""
    return number - list(KINDS).index(kind)


def _wide(chance: random.Random, _number: int) -> Bad:
    keys = ["", ".", "a.b", "__proto__", "constructor", "\u202e", "'; DROP TABLE people; --", "k" * 5000]
    keys += ["".join(chance.choices(string.printable, k=12)) for _ in range(200)]
    return Bad("stored", {"extra": dumps(dict.fromkeys(keys, 1))})


def _no_object(chance: random.Random, number: int) -> Bad:
    return Bad("refused", {}, whole=chance.choice([f"[{number}]", f'"{number}"', f'[[{{"no": {number}}}]]', str(number)]))


KINDS: dict[str, Make] = {
    "nothing wrong": lambda _chance, _number: Bad("stored", {}),
    "a text that is none": _one("note", "rejected", "{}", "[]", '{"a": 1}', '["a"]', "[[[]]]", "1e300", "-9223372036854775808", "1e19"),
    "a text that is a number": _kept(
        "note", ("7", "7"), ("1.5", "1.5"), ("true", "True"), ("-0.0", "-0.0"), ("9007199254740993", "9007199254740993")
    ),
    "no text": _kept("note", ("null", None), ('""', None), ("", None)),
    "a giant text": _giant("note", "rejected", 1025, 5000),
    "a text as long as can be": _giant("note", "stored", 1024, 1024),
    "odd characters": _odd_text,
    "a NUL": _one("note", "refused", '"\\u0000"', '"a\\u0000b"', '["\\u0000"]', '{"\\u0000": 1}'),
    "a NUL where nobody looks": _one("extra", "refused", '"\\u0000"', '{"a": [{"\\u0000": 1}]}'),
    "half a character": _one("note", "refused", '"\\ud83d"', '"\\udfff\\ud800"', b'"\xed\xa0\x80"', '{"\\ud800": 1}'),
    "bytes that are no text": _one("note", "refused", b'"\xff"', b'"a\xc3"', b'"\xc0\x80"', b'{"\xfe": 1}'),
    "a number beyond JSON": _one("size", "refused", "1e999", "-1e999", "NaN", "Infinity", "-Infinity", "9" * 400),
    "a number that is none": _one("size", "rejected", '"7"', "true", "[]", "{}", '"NaN"', "1e300", "18446744073709551615", "-" + "9" * 30),
    "an odd number": _kept(
        "size", ("-0.0", 0), ("1e-320", 1e-320), ("9007199254740993", 9007199254740993), ("9223372036854774784", 9223372036854774784)
    ),
    "nested too deep": _deep("refused", 64, 1200),
    "nested deep": _deep("stored", 1, 28),
    "a key twice": _twice,
    "a date that is none": _one(
        "seen",
        "rejected",
        *(
            f'"{date}"'
            for date in (
                *("0000-01-01T00:00:00Z", "0000-00-00 00:00:00", "-0001-11-30T00:00:00Z", "10000-01-01T00:00:00Z", "2026-02-30T00:00:00Z"),
                *("2026-13-01T00:00:00Z", "2016-12-31T23:59:60Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "yesterday"),
                *("2026-01-01T00:00:00.000Z\\u0661", "\\u0662026-01-01T00:00:00.000Z", "2026-01-01T00:00:00+99:00"),
            )
        ),
        *("0", "-62135596800", "1e300", "true", "{}", "[]"),
    ),
    "an odd date": _kept(
        "seen",
        ('"0001-01-01T00:00:00Z"', "0001-01-01T00:00:00.000Z"),
        ('"9999-12-31T23:59:59.999Z"', "9999-12-31T23:59:59.999Z"),
        ('"2026-06-01T02:00:00+02:00"', "2026-06-01T00:00:00.000Z"),
        ('"2026-06-01"', "2026-06-01T00:00:00.000Z"),
        ('""', None),
    ),
    "neither yes nor no": _one("on", "rejected", '"maybe"', "2", "[]", "{}", '"truefalse"', "0.5"),
    "a list that is none": _one(
        "labels", "rejected", '"a"', '{"a": 1}', '["a", ["b"]]', '["a", {}]', "[null]", "7", dumps(["x"] * 101), dumps(["x" * 1025])
    ),
    "no address": _one("mail", "rejected", "null", '""', "", "{}", "[]", '["a@bad.example"]', "[[]]"),
    "a giant address": _giant("mail", "rejected", 1025, 3000),
    "an address of somebody": _of_somebody,
    "no id": _one("id", "refused", "null", '""', "", "[]", "{}", "true", "1.5", '"\\u0000"', '"\\ud800"', dumps("i" * 201), "1e999"),
    "an id of somebody": _repeated,
    "no object": _no_object,
    "odd keys": _wide,
}


def page(some: Sequence[Horror], mended: frozenset[int] | None = None) -> bytes:
    """Return a page of them as the source sends it; those whose numbers are given, as they are when mended."""
    return b'{"rows": [' + b", ".join(one.mended if mended and one.number in mended else one.raw for one in some) + b"]}"

"""Numbers from a key and an index, without a state: so that any one of a million rows can be made alone."""

from hashlib import blake2b, sha256

HIGH_BITS, LOW_BITS = 48, 80
LOW = (1 << LOW_BITS) - 1


def key_of(*parts: object) -> bytes:
    """Return the key that some parts stand for."""
    return sha256(":".join(str(part) for part in parts).encode()).digest()


class Dice:
    """A few dozen throws that follow from a key and an index."""

    __slots__ = ("_left",)

    def __init__(self, key: bytes, index: int) -> None:
        self._left = int.from_bytes(blake2b(index.to_bytes(8, "big"), key=key).digest(), "big")

    def below(self, sides: int) -> int:
        """Return a number from 0 to below `sides`."""
        self._left, thrown = divmod(self._left, sides)
        return thrown

    def of(self, choices: tuple[str, ...]) -> str:
        """Return one of some words."""
        return choices[self.below(len(choices))]


class SpreadIds:
    """Version 4 UUIDs for the indexes 0 to below `count`, in the order of the indexes, and back from an id to its index."""

    def __init__(self, key: bytes, count: int) -> None:
        self._key, self.count = key, count
        self._step = (1 << HIGH_BITS) // max(count, 1)

    def at(self, index: int) -> str:
        """Return the id of an index."""
        drawn = int.from_bytes(blake2b(index.to_bytes(8, "big"), key=self._key, digest_size=16).digest(), "big")
        high = index * self._step + (drawn >> LOW_BITS) % self._step
        digits = f"{high << LOW_BITS | drawn & LOW:032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{'89ab'[int(digits[16], 16) & 3]}{digits[17:20]}-{digits[20:]}"

    def index_of(self, one: str) -> int | None:
        """Return whose id this is; None when it is nobody's."""
        try:
            index = self.first_from(one)
        except ValueError:
            return None
        return index if index < self.count and self.at(index) == one else None

    def first_from(self, one: str) -> int:
        """Return the index of the first id that is not below this text, which must begin as a UUID does; `count` when all are below.

        Raises `ValueError`.
        """
        index = min(int(one[:8] + one[9:13], 16) // self._step, self.count)
        return index + 1 if index < self.count and self.at(index) < one else index

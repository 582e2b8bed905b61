"""What values say of each other: a full name holds the first and the last one. Pure."""

from collections.abc import Sequence

from mapper.smart_mapping.candidates import Candidate

MOST, FEW, ENOUGH = 0.8, 0.2, 3


def composed(full: Candidate, first: Candidate, last: Candidate) -> float | None:
    """Return in which share of the records the full name holds both others; None where no record has all three."""
    seen = [
        all(part in whole for part in (one, other))
        for whole, one, other in zip(full.folded, first.folded, last.folded, strict=True)
        if whole and one and other
    ]
    return sum(seen) / len(seen) if seen else None


def begins_address(one: Candidate, address: Candidate) -> bool:
    """Return whether nearly all values of a path are the part before the @ of the addresses, and there are some to compare."""
    seen = [
        mine == whole.partition("@")[0] for mine, whole in zip(one.folded, address.folded, strict=True) if mine and whole and "@" in whole
    ]
    return len(seen) >= ENOUGH and sum(seen) / len(seen) >= MOST


def says_the_same(one: Candidate, other: Candidate) -> bool:
    """Return whether two paths have the same value wherever both have one, and that is seen at least once."""
    pairs = [(mine, theirs) for mine, theirs in zip(one.folded, other.folded, strict=True) if mine is not None and theirs is not None]
    return bool(pairs) and all(mine == theirs for mine, theirs in pairs)


def fills_gaps(one: Candidate, others: Sequence[Candidate]) -> Candidate | None:
    """Return the first of the others that has a value where `one` has none."""
    return next(
        (
            other
            for other in others
            if any(mine is None and theirs is not None for mine, theirs in zip(one.values, other.values, strict=True))
        ),
        None,
    )

"""What a mapping may do with a value on its way: steps, one after the other, each typed and bounded."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.api.base import In
from shared.api.source_paths import SourcePath

MOST_STEPS = 20
Scalar = str | int | float | bool
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Separator = Annotated[str, StringConstraints(min_length=1, max_length=50)]


class Trim(In):
    """Remove blanks before and after, and none within."""

    op: Literal["trim"] = "trim"


class Case(In):
    """Write a text in one case."""

    op: Literal["case"] = "case"
    to: Literal["lower", "upper", "title"]


class Split(In):
    """Cut a text into a list."""

    op: Literal["split"] = "split"
    separator: Separator


class Item(In):
    """Take one item of a list: 0 is the first, -1 the last; empty when there are fewer."""

    op: Literal["item"] = "item"
    index: int = Field(ge=-1000, le=1000)


class Pluck(In):
    """Take the same key of each object in a list."""

    op: Literal["pluck"] = "pluck"
    path: SourcePath


class Join(In):
    """Make one text of a list, or of the value and what is at further paths; what is empty is left out."""

    op: Literal["join"] = "join"
    separator: Annotated[str, StringConstraints(max_length=50)]
    paths: list[SourcePath] = Field(default_factory=list, max_length=10)


class FirstOf(In):
    """Keep the value unless it is empty: then take what is at the first path that is not."""

    op: Literal["first_of"] = "first_of"
    paths: list[SourcePath] = Field(min_length=1, max_length=10)


class Date(In):
    """Read a date and time: by the first format that fits, in a zone where the text names none.

    A format is `iso`, `unix`, `unix_ms`, `windows` (as Active Directory counts), or the directives of strptime.
    """

    op: Literal["date"] = "date"
    formats: list[Annotated[str, StringConstraints(min_length=1, max_length=100)]] = Field(min_length=1, max_length=5)
    zone: str = Field(default="UTC", max_length=100, description="A name of the IANA time zone database, such as Europe/Berlin.")


class Number(In):
    """Read a number."""

    op: Literal["number"] = "number"
    decimal: Literal[".", ","] = "."


class MapValues(In):
    """Replace known values by others."""

    op: Literal["map_values"] = "map_values"
    values: dict[str, Scalar | None] = Field(min_length=1, max_length=500)
    otherwise: Literal["keep", "empty", "reject"] = "keep"
    ignore_case: bool = True


class Default(In):
    """Give a value where there is none."""

    op: Literal["default"] = "default"
    value: Scalar


class Extract(In):
    """Take what a pattern finds, or one group of it; empty where it finds nothing.

    Patterns take time in proportion to the text; so there are no backreferences and no lookaround.
    """

    op: Literal["extract"] = "extract"
    pattern: Pattern
    group: int = Field(default=0, ge=0, le=20)


class Replace(In):
    r"""Replace all that a pattern finds; `\1` in the replacement is what its first group found."""

    op: Literal["replace"] = "replace"
    pattern: Pattern
    replacement: Annotated[str, StringConstraints(max_length=200)]


class Hash(In):
    """Replace a text by its hash, in hexadecimal."""

    op: Literal["hash"] = "hash"
    algorithm: Literal["sha256", "sha512"] = "sha256"


Step = Annotated[
    Trim | Case | Split | Item | Pluck | Join | FirstOf | Date | Number | MapValues | Default | Extract | Replace | Hash,
    Field(discriminator="op"),
]
Steps = Annotated[list[Step], Field(max_length=MOST_STEPS, description="What is done with the value, in this order.")]

"""What all operations at Sophos have in common: named arguments that are checked, and a description that a form can be made of."""

from abc import ABC, abstractmethod
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connector.sources.base import Access, Journal, Outcome
from connector.sources.sophos.api import SophosCentral
from shared.api.sources import OperationInfo
from shared.errors import Invalid
from shared.validation import why

SourceId = Annotated[str, Field(min_length=1, max_length=200, description="The id, as Sophos gives it.")]


class Arguments(BaseModel):
    """What an operation is given. Whatever it does not know is refused: a misspelt name must not be ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, hide_input_in_errors=True)


class Which(Arguments):
    """Arguments that name one thing at Sophos."""

    source_id: SourceId


A = TypeVar("A", bound=Arguments)


class Command(ABC, Generic[A]):
    """One thing that can be done at Sophos."""

    key: ClassVar[str]
    name: ClassVar[str]
    description: ClassVar[str]
    destructive: ClassVar[bool] = False
    arguments: type[A]

    def __init__(self, central: SophosCentral) -> None:
        self.central = central

    @property
    def info(self) -> OperationInfo:
        """What it does and takes."""
        return OperationInfo(
            key=self.key,
            name=self.name,
            description=self.description,
            destructive=self.destructive,
            arguments=self.arguments.model_json_schema(),
        )

    def check(self, arguments: dict[str, Any]) -> None:
        """Raise `Invalid`, naming each argument that is wrong."""
        self.read(arguments)

    async def run(self, access: Access, arguments: dict[str, Any], journal: Journal) -> Outcome:
        """Do it. Raises only while nothing was sent."""
        return await self.carry_out(access, self.read(arguments), journal)

    @abstractmethod
    async def carry_out(self, access: Access, given: A, journal: Journal) -> Outcome:
        """Do it with arguments that fit."""

    def read(self, arguments: dict[str, Any]) -> A:
        """Return arguments that fit. Raises `Invalid`, naming each that does not."""
        try:
            return self.arguments.model_validate(arguments)
        except ValidationError as error:
            wrong = error.errors(include_input=False, include_url=False, include_context=False)
        problems = [{"field": ".".join(["arguments", *map(str, one["loc"])]), "message": why(one)} for one in wrong]
        words = "; ".join(f"{problem['field']}: {problem['message']}" for problem in problems)
        takes = ", ".join(self.arguments.model_fields)
        raise Invalid(words, remedy=f"{self.key} takes: {takes}.", fields=problems)

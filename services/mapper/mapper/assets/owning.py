"""Whose a device is: said in its column, and in its values as rules see them."""

from uuid import UUID

from mapper.records.changing import Draft


def assign(asset: Draft, person_id: UUID | None) -> None:
    """Give a device to a person, or take it from the one who has it."""
    asset.columns["person_id"] = person_id
    asset.set("person_id", None if person_id is None else str(person_id))

"""What a hand may change of a record, and to what: one edit, for one record or for many. Touches no database."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mapper.fields.fields import require_known
from mapper.fields.values import LONGEST_LIST, DoesNotFit, fitted, fitted_to, is_never_empty, moment, one_of_each
from mapper.records.changing import Draft
from shared.api.fields import FieldOut
from shared.api.records import RecordPatch
from shared.clock import now
from shared.errors import Invalid
from shared.rules.fold import fold_text


class BadValues(Invalid):
    """Values do not fit their fields, or fields may not be changed by hand."""

    code = "bad_values"


@dataclass(frozen=True, slots=True)
class Edit:
    """Values to set, and items to add to lists or to take out of them; everything fits its field."""

    values: Mapping[str, Any]
    add: Mapping[str, Sequence[str]] = field(default_factory=dict)
    remove: Mapping[str, Sequence[str]] = field(default_factory=dict)
    release: frozenset[str] = frozenset()
    """Fields that are given back to their sources."""

    @property
    def edited(self) -> set[str]:
        """The fields of which it says something."""
        return {*self.values, *self.add, *self.remove}

    @property
    def fields(self) -> set[str]:
        """The fields that it touches."""
        return {*self.edited, *self.release}

    def without(self, keys: Collection[str]) -> "Edit":
        """Return the edit of all other fields."""
        if not keys:
            return self
        values, add, remove = ({key: one for key, one in said.items() if key not in keys} for said in (self.values, self.add, self.remove))
        return Edit(values, add, remove, self.release)

    def make(self, draft: Draft, known: Mapping[str, FieldOut]) -> None:
        """Change a draft. Raises `BadValues` when a list would grow too long, or become empty and must not."""
        for key, value in self.values.items():
            draft.set(key, value, told=known[key].history)
        for key in dict.fromkeys((*self.add, *self.remove)):
            items = self._items(key, draft.fields.get(key))
            if known[key].mandatory and not items:
                problem = {"field": f"remove.{key}", "message": "must not be empty"}
                raise BadValues(f"{key} must keep an item", remedy="Add another one first.", fields=[problem])
            draft.set(key, one_of_each(items) if items and known[key].as_set else items, told=known[key].history)
        _note_deactivation(draft)

    def _items(self, key: str, before: list[str] | None) -> list[str] | None:
        """Return a list's items, compared as rules compare them: without case and Unicode variants."""
        there = {fold_text(item): item for item in before or ()}
        for item in self.add.get(key, ()):
            there.setdefault(fold_text(item), item)
        gone = {fold_text(item) for item in self.remove.get(key, ())}
        items = [item for folded, item in there.items() if folded not in gone]
        if len(items) > LONGEST_LIST:
            problem = {"field": f"add.{key}", "message": f"makes a list of more than {LONGEST_LIST} items"}
            raise BadValues(f"{key} holds at most {LONGEST_LIST} items", remedy="Remove some first.", fields=[problem])
        return items or (before and [])


def edit_from(given: RecordPatch, known: dict[str, FieldOut]) -> Edit:
    """Return the edit that was sent. Raises `UnknownField`, `BadValues`, naming every field that is wrong."""
    values = checked(given.fields, known)
    for place, lists in (("add", given.add), ("remove", given.remove)):
        require_known(lists, known, place=place)
    problems = [
        {"field": f"{place}.{key}", "message": message}
        for place, lists in (("add", given.add), ("remove", given.remove))
        for key, items in lists.items()
        if (message := _against(items, known[key])) is not None
    ]
    if problems:
        raise BadValues("some lists cannot be changed like this", remedy="Correct the named fields.", fields=problems)
    require_known(given.release, known, place="release")
    return Edit(values, given.add, given.remove, frozenset(given.release))


def _against(items: Sequence[str], known: FieldOut) -> str | None:
    """Return what speaks against adding items to a list, or taking them out."""
    if known.data_type != "text_list":
        return f"is no list: {known.key} is of type {known.data_type}"
    if not known.editable:
        return "is written by integrations and workflows only"
    try:
        fitted(list(items), known.data_type)
    except DoesNotFit as error:
        return str(error)
    return None


def _note_deactivation(draft: Draft) -> None:
    """Say when a SaaS user was deactivated by hand, as a workflow does; activating takes it back."""
    if "person_id" not in draft.columns or "deactivated" not in draft.changes:
        return
    if draft.fields["deactivated"]:
        draft.kind = "deactivated"
    draft.set("deactivated_at", moment(now().isoformat()) if draft.fields["deactivated"] else None)


def checked(given: dict[str, Any], known: dict[str, FieldOut]) -> dict[str, Any]:
    """Return the values as they are stored. Raises `UnknownField`, `BadValues`, naming every field that is wrong."""
    require_known(given, known, place="fields")
    values: dict[str, Any] = {}
    problems = []
    for key, value in given.items():
        field = known[key]
        if not field.editable:
            problems.append({"field": f"fields.{key}", "message": "is written by integrations and workflows only"})
            continue
        try:
            values[key] = fitted_to(value, field)
        except DoesNotFit as error:
            problems.append({"field": f"fields.{key}", "message": str(error)})
            continue
        if is_never_empty(field) and values[key] in (None, []):
            problems.append({"field": f"fields.{key}", "message": "must not be empty"})
    if problems:
        raise BadValues("some values cannot be stored", remedy="Correct the named fields.", fields=problems)
    return values

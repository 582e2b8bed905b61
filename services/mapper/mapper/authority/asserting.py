"""What the records of sources say of the fields that have an order: built from a page, remembered with its link. Touches no database."""

from collections.abc import Mapping
from typing import Any

from mapper.authority.orders import Assertion
from mapper.mappings.compiled import Compiled
from mapper.transformations.paths import at_path
from mapper.why.raw import kept_raw
from shared.api.mapped_from import FromSource
from shared.events.sources import UsersObserved


class Asserting:
    """Says for the records of one page what they say of the fields that have an order."""

    def __init__(self, compiled: Compiled, event: UsersObserved) -> None:
        self._compiled = compiled
        said: dict[str, Any] = {
            "at": event.fetched_at.isoformat(),
            "run": str(event.provenance.run_id),
            "version": compiled.version,
        }
        # A field with an order that this source does not map is one of which it says nothing; that is told apart from not being asked.
        self._unmapped = {key: {"value": None, **said} for key, order in compiled.authority.orders.items() if order.sources}
        self._said = said
        # Nor of one by which it finds people and which it does not update.
        told = compiled.kept - compiled.kept_back
        paths = {target.key: target.source.path for target in compiled.targets if isinstance(target.source, FromSource)}
        self._mapped = [(key, paths.get(key)) for key in compiled.authority.orders if key in told]

    def of(self, record: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Assertion]:
        """Return what a record says: its values, where from they were taken, and what it empties."""
        says: dict[str, Assertion] = dict(self._unmapped)
        for key, path in self._mapped:
            value = values[key]
            one = {"value": value, **self._said}
            if value is None and key in self._compiled.clears:
                one["empties"] = True
            if path is not None:
                raw = at_path(record, path)
                if type(raw) is not type(value) or raw != value:
                    one["raw"] = kept_raw(raw)
            says[key] = one
        return says

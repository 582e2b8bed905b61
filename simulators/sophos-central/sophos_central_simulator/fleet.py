"""A tenant's devices: made when somebody asks for them; only what was changed or deleted is kept."""

from collections.abc import Iterator
from typing import Any

from sophos_central_simulator.devices import Devices
from sophos_central_simulator.directory import Directory

Json = dict[str, Any]


class Fleet:
    """Every device of one tenant, in the order of their ids."""

    def __init__(self, devices: Devices, directory: Directory) -> None:
        self._devices, self._directory = devices, directory
        self._changed: dict[int, Json] = {}
        self._deleted: set[int] = set()

    def __len__(self) -> int:
        return self._devices.ids.count - len(self._deleted)

    def get(self, device_id: str) -> Json | None:
        """Return a device; None when nobody has the id."""
        index = self._devices.ids.index_of(device_id)
        return None if index is None or index in self._deleted else self._row(index)

    def starting(self, device_id: str = "") -> Iterator[Json]:
        """Give the devices from this id on, whether it is still there or not."""
        first = self._devices.ids.first_from(device_id) if device_id else 0
        for index in range(first, self._devices.ids.count):
            if index not in self._deleted:
                yield self._row(index)

    def change(self, device_id: str, changes: Json) -> None:
        """Change fields of a device that is there."""
        index = self._devices.ids.index_of(device_id)
        if index is not None:
            self._changed[index] = {**self._changed.get(index, {}), **changes}

    def delete(self, device_id: str) -> bool:
        """Delete a device; return whether it was there."""
        index = self._devices.ids.index_of(device_id)
        if index is None or index in self._deleted:
            return False
        self._deleted.add(index)
        self._changed.pop(index, None)
        return True

    def _row(self, index: int) -> Json:
        row = self._devices.at(index)
        if (owner := self._directory.original(index)) is not None:
            row["associatedPerson"] = _person(row, owner, there=owner["id"] in self._directory.users)
        return {**row, **self._changed[index]} if index in self._changed else row


def _person(device: Json, owner: Json, *, there: bool) -> Json:
    """Return somebody as a device names them; of one who is gone only the login stays."""
    login = {"viaLogin": f"{device['hostname']}\\{owner.get('exchangeLogin', 'user')}"}
    return {"id": owner["id"], "name": owner["name"], **login} if there else login

"""A tenant's devices: made when somebody asks for them; only what was changed or deleted is kept."""

from collections.abc import Iterator
from typing import Any

from sophos_central_simulator.clock import Clock
from sophos_central_simulator.devices import Devices
from sophos_central_simulator.directory import Directory
from sophos_central_simulator.protection import Isolation, TamperProtection

Json = dict[str, Any]


class Fleet:
    """Every device of one tenant, in the order of their ids."""

    def __init__(self, devices: Devices, directory: Directory, clock: Clock) -> None:
        self._devices, self._directory, self._clock = devices, directory, clock
        self._isolations: dict[str, Isolation] = {}
        self._tamper: dict[str, TamperProtection] = {}
        self._deleted: set[int] = set()

    def __len__(self) -> int:
        return self._devices.ids.count - len(self._deleted)

    def get(self, device_id: str) -> Json | None:
        """Return a device; None when nobody has the id."""
        index = self.index_of(device_id)
        return None if index is None else self._row(index)

    @property
    def ever(self) -> int:
        """How many devices there were from the start; their indexes are below it."""
        return self._devices.ids.count

    def at(self, index: int) -> Json:
        """Return the device of an index, also when it was deleted: what it did is still told."""
        return self._row(index)

    def id_at(self, index: int) -> str:
        """Return the id of the device of an index."""
        return self._devices.ids.at(index)

    def is_server(self, index: int) -> bool:
        """Return whether the device of an index is a server."""
        return self._devices.is_server(index)

    def index_of(self, device_id: str) -> int | None:
        """Return the index of a device; None when nobody has the id."""
        index = self._devices.ids.index_of(device_id)
        return None if index in self._deleted else index

    def starting(self, device_id: str = "") -> Iterator[Json]:
        """Give the devices from this id on, whether it is still there or not."""
        first = self._devices.ids.first_from(device_id) if device_id else 0
        for index in range(first, self._devices.ids.count):
            if index not in self._deleted:
                yield self._row(index)

    def delete(self, device_id: str) -> bool:
        """Delete a device; return whether it was there."""
        index = self.index_of(device_id)
        if index is None:
            return False
        self._deleted.add(index)
        self._isolations.pop(device_id, None)
        self._tamper.pop(device_id, None)
        return True

    def isolation(self, device_id: str) -> Isolation:
        """Return the isolation of a device."""
        return self._isolations.get(device_id) or Isolation()

    def isolation_in_progress(self, device_id: str) -> bool:
        """Return whether a device has yet to do what was last asked."""
        return self.isolation(device_id).in_progress(self._clock)

    def isolate(self, device_id: str, *, enabled: bool, comment: str, who: str, takes: float) -> Json:
        """Ask a device to be isolated or released, which takes so many seconds; return what was asked."""
        isolation = self._isolations.setdefault(device_id, Isolation())
        # Nothing is under way when a device already is what it is asked to be.
        isolation.ask(self._clock, enabled=enabled, comment=comment, who=who, takes=takes if enabled is not isolation.enabled else 0)
        return isolation.shown()

    def tamper_protection(self, device_id: str) -> TamperProtection:
        """Return the tamper protection of a device, to read or to change."""
        return self._tamper.setdefault(device_id, TamperProtection(device_id))

    def _row(self, index: int) -> Json:
        row = self._devices.at(index)
        if (owner := self._directory.original(index)) is not None:
            row["associatedPerson"] = _person(row, owner, there=self._directory.is_named(owner["id"]))
        if (isolation := self._isolations.get(row["id"])) is not None:
            row["isolation"] = isolation.in_device(self._clock)
        if (tamper := self._tamper.get(row["id"])) is not None:
            row["tamperProtectionEnabled"] = tamper.enabled
        return row


def _person(device: Json, owner: Json, *, there: bool) -> Json:
    """Return somebody as a device names them; of one who is gone only the login stays."""
    login = {"viaLogin": f"{device['hostname']}\\{owner.get('exchangeLogin', 'user')}"}
    return {"id": owner["id"], "name": owner["name"], **login} if there else login

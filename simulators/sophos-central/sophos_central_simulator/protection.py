"""What an admin sets on a device: its isolation, which takes effect later, and its tamper protection with its passwords."""

from dataclasses import dataclass, field
from typing import Any

from sophos_central_simulator.clock import Clock
from sophos_central_simulator.people import stamp
from sophos_central_simulator.spread import Dice, key_of

Json = dict[str, Any]

SIGNS = tuple("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789")


@dataclass(slots=True)
class Isolation:
    """Whether a device is to be isolated, and when (clock seconds) the device has done what was last asked."""

    enabled: bool = False
    comment: str = ""
    changes: Json = field(default_factory=dict)
    settled_at: float = 0

    def in_progress(self, clock: Clock) -> bool:
        """Return whether the device has yet to do what was asked."""
        return clock.monotonic() < self.settled_at

    def ask(self, clock: Clock, *, enabled: bool, comment: str, who: str, takes: float) -> None:
        """Ask the device to be isolated or released."""
        self.enabled, self.comment, self.settled_at = enabled, comment, clock.monotonic() + takes
        word = "Enabled" if enabled else "Disabled"
        self.changes |= {f"last{word}At": stamp(clock.now()), f"last{word}By": {"id": who}}

    def shown(self) -> Json:
        """Return what was asked, by whom and when."""
        return {"enabled": self.enabled, **self.changes, "comment": self.comment}

    def in_device(self, clock: Clock) -> Json:
        """Return what the device says of itself."""
        isolated = self.enabled is not self.in_progress(clock)
        return {"status": "isolated" if isolated else "notIsolated", "adminIsolated": isolated, "selfIsolated": False}


@dataclass(slots=True)
class TamperProtection:
    """Whether nobody may stop the protection on a device, and the passwords that allow it all the same."""

    device_id: str
    enabled: bool = True
    previous: list[Json] = field(default_factory=list, repr=False)

    def change(self, clock: Clock, *, enabled: bool | None, regenerate: bool) -> None:
        """Turn it on or off, and take another password; the one before is remembered."""
        if enabled is not None:
            self.enabled = enabled
        if regenerate:
            self.previous.insert(0, {"password": self._password(), "invalidatedAt": stamp(clock.now())})

    def shown(self) -> Json:
        """Return it with its passwords."""
        return {"enabled": self.enabled, "password": self._password(), "previousPasswords": self.previous}

    def _password(self) -> str:
        dice = Dice(key_of(self.device_id, "password"), len(self.previous))
        return "".join(dice.of(SIGNS) for _ in range(12))

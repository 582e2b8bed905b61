"""The operations `isolate-endpoint` and `release-endpoint`: Sophos takes the wish at once (202), the device follows when it can."""

from typing import Any, ClassVar

from pydantic import Field

from connector.sources.base import Journal, Observed, Outcome
from connector.sources.sophos.device_commands import DeviceCommand, WhichDevice
from connector.sources.sophos.devices import ENDPOINTS, look_for_device
from connector.sources.sophos.in_tenant import NOT_FOUND, InTenant
from connector.sources.sophos.sending import CONFLICT, Evidence, done, looked, read_back, refused, send, so_already, unclear
from connector.sources.wire import Answer

ISOLATION = f"{ENDPOINTS}/isolation"


class WhichAndWhy(WhichDevice):
    """One device, and why."""

    comment: str = Field(default="Asked for through Rollcall", min_length=1, max_length=300, description="Shown in Sophos Central.")


class SetIsolation(DeviceCommand[WhichAndWhy]):
    """Cuts one device off the network, or lets it in again."""

    arguments = WhichAndWhy
    enabled: ClassVar[bool]
    code: ClassVar[str]
    words: ClassVar[str]

    async def act(self, place: InTenant, device: Observed, given: WhichAndWhy, journal: Journal, evidence: Evidence) -> Outcome:
        """Ask for it unless it was asked for already; done is what the device shows."""
        # A device that is offline may show one thing while the other is asked for already.
        if self._so(device) and await self._wished(place, device):
            return so_already(journal, self.code, f"the device is {self.words}", evidence, _result(device))
        if journal.sent is None or not await self._wished(place, device):
            body = {"enabled": self.enabled, "comment": given.comment, "ids": [device.source_id]}
            answer = await send(journal, place, "POST", ISOLATION, evidence, body=body, judge=lambda told: _refusal(told, evidence))
            if isinstance(answer, Outcome):
                return answer
        else:
            evidence["request"] = journal.sent
        return await self._read_back(place, device.source_id, evidence)

    async def _read_back(self, place: InTenant, source_id: str, evidence: Evidence) -> Outcome:
        seen: list[Observed] = []

        async def look() -> tuple[bool, dict[str, Any]]:
            device = await look_for_device(place, source_id)
            if not isinstance(device, Observed):
                return False, looked(device)
            seen.append(device)
            return self._so(device), {**looked(device), "isolation": device.record.get("isolation")}

        if await read_back(look, evidence, self.central.read_back_seconds):
            return done(self.code, f"the device is {self.words}", evidence, _result(seen[-1]))
        if seen:
            message = f"Sophos was asked, but the device does not show as {self.words} yet: it follows when it is online"
            return unclear(message, evidence, "pending")
        return unclear(f"Sophos was asked, but whether the device is {self.words} could not be read back", evidence)

    def _so(self, device: Observed) -> bool:
        """Whether the device itself is as wished: what an administrator has only asked for does not count."""
        told = device.record.get("isolation")
        isolation = told if isinstance(told, dict) else {}
        isolated, by_admin, by_itself = (isolation.get(key) for key in ("status", "adminIsolated", "selfIsolated"))
        if self.enabled:
            return isolated == "isolated" and by_admin is not False
        return (isolated == "notIsolated" and by_admin is not True) or (by_admin is False and by_itself is True)

    async def _wished(self, place: InTenant, device: Observed) -> bool:
        """Whether it is what Sophos was asked for last: a request of an earlier attempt that has arrived must not be sent twice."""
        answer = await place.get(f"{ENDPOINTS}/{device.source_id}/isolation")
        return answer.body.get("enabled") is self.enabled


class IsolateDevice(SetIsolation):
    """Cuts one device off the network."""

    key = "isolate-endpoint"
    name = "Isolate endpoint"
    description = "Cuts the device off the network, but for Sophos; done when the device shows it."
    destructive = True
    enabled, code, words = True, "isolated", "isolated"


class ReleaseDevice(SetIsolation):
    """Lets one device into the network again."""

    key = "release-endpoint"
    name = "Release endpoint"
    description = "Ends the isolation that an administrator asked for; done when the device shows it."
    enabled, code, words = False, "released", "not isolated"


def _refusal(answer: Answer, evidence: Evidence) -> Outcome | None:
    if answer.status == CONFLICT:
        remedy = "Ask again with the same key when the change in progress has ended."
        return refused("change_in_progress", "Sophos is changing this device's isolation already", remedy, evidence, final=False)
    if answer.status == NOT_FOUND:
        return refused("not_found", "Sophos does not have this device", "It may have been deleted meanwhile.", evidence)
    return None


def _result(device: Observed) -> dict[str, Any]:
    return {"source_id": device.source_id, "isolation": device.record.get("isolation")}

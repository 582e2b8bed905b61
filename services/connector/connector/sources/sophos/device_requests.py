"""The operations `scan-endpoint` and `check-endpoint-updates`: Sophos confirms the request; what the device does shows there later."""

from typing import ClassVar

from connector.sources.base import Journal, Observed, Outcome
from connector.sources.sophos.device_commands import DeviceCommand, WhichDevice
from connector.sources.sophos.devices import device_path
from connector.sources.sophos.in_tenant import NOT_FOUND, InTenant
from connector.sources.sophos.sending import CONFLICT, Evidence, done, refused, send, unclear
from connector.sources.wire import Answer


class DeviceRequest(DeviceCommand[WhichDevice]):
    """Asks one device to do something that harms nobody when it is asked twice."""

    arguments = WhichDevice
    route: ClassVar[str]
    words: ClassVar[str]

    async def act(self, place: InTenant, device: Observed, given: WhichDevice, journal: Journal, evidence: Evidence) -> Outcome:
        """Ask. Sophos' own id of the request is the proof; without an answer there is none, and asking again is harmless."""
        del given
        path = f"{device_path(device.source_id)}/{self.route}"
        answer = await send(journal, place, "POST", path, evidence, body={}, judge=lambda told: _refusal(told, evidence))
        if isinstance(answer, Outcome):
            return answer
        if answer is None:
            return unclear(f"{self.words} was asked for, but no answer came; asking again does no harm", evidence, "not_confirmed")
        told = {key: answer.body.get(key) for key in ("id", "status", "requestedAt") if isinstance(answer.body.get(key), str)}
        return done("requested", f"{self.words} was asked for; the device begins when it is online", evidence, {"request": told})


class ScanDevice(DeviceRequest):
    """Has one device scanned."""

    key = "scan-endpoint"
    name = "Scan endpoint"
    description = "Asks the device for a full scan."
    route, words = "scans", "a scan"


class CheckUpdates(DeviceRequest):
    """Has one device look for updates."""

    key = "check-endpoint-updates"
    name = "Check endpoint for updates"
    description = "Asks the device to look for updates of its Sophos software."
    route, words = "update-checks", "a look for updates"


def _refusal(answer: Answer, evidence: Evidence) -> Outcome | None:
    if answer.status == CONFLICT:
        remedy = "Wait until the one in progress has ended; then ask again with the same key."
        return refused("change_in_progress", "the device does so already", remedy, evidence, final=False)
    if answer.status == NOT_FOUND:
        return refused("not_found", "Sophos does not have this device", "It may have been deleted meanwhile.", evidence)
    return None

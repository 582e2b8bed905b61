"""The operations that switch tamper protection. Its password is dropped where the answer is read; nothing here ever sees it."""

from typing import Any, ClassVar

from connector.sources.base import Journal, Observed, Outcome
from connector.sources.sophos.api import TAMPER_PROTECTION
from connector.sources.sophos.device_commands import DeviceCommand, WhichDevice
from connector.sources.sophos.devices import device_path
from connector.sources.sophos.errors import api_error, malformed
from connector.sources.sophos.in_tenant import NOT_FOUND, InTenant
from connector.sources.sophos.sending import CONFLICT, Evidence, done, read_back, refused, send, so_already, unclear
from connector.sources.wire import Answer


class SetTamperProtection(DeviceCommand[WhichDevice]):
    """Switches the tamper protection of one device."""

    arguments = WhichDevice
    enabled: ClassVar[bool]
    words: ClassVar[str]

    async def act(self, place: InTenant, device: Observed, given: WhichDevice, journal: Journal, evidence: Evidence) -> Outcome:
        """Switch it; the outcome is what Sophos shows afterwards."""
        del given
        path = f"{device_path(device.source_id)}{TAMPER_PROTECTION}"
        result = {"source_id": device.source_id, "enabled": self.enabled}
        if await _enabled(place, path) is self.enabled:
            return so_already(journal, f"switched_{self.words}", f"tamper protection is {self.words}", evidence, result)

        def judge(answer: Answer) -> Outcome | None:
            if answer.status != CONFLICT:
                return None
            remedy = "Look at the device in Sophos Central; ask again with the same key when the change has ended."
            return refused("change_in_progress", "Sophos reports a conflict", remedy, evidence, final=False)

        # Without regeneratePassword the device keeps its password: nobody who knows it is locked out.
        answer = await send(journal, place, "POST", path, evidence, body={"enabled": self.enabled}, judge=judge)
        if isinstance(answer, Outcome):
            return answer

        async def look() -> tuple[bool, dict[str, Any]]:
            now_enabled = await _enabled(place, path)
            return now_enabled is self.enabled, {"status": 200, "enabled": now_enabled}

        if await read_back(look, evidence, self.central.read_back_seconds):
            return done(f"switched_{self.words}", f"tamper protection is {self.words}", evidence, result)
        return unclear(f"Sophos was asked, but tamper protection does not show as {self.words}", evidence)


class TamperProtectionOn(SetTamperProtection):
    """Switches tamper protection on."""

    key = "enable-tamper-protection"
    name = "Switch tamper protection on"
    description = "Keeps people on the device from switching Sophos off. The password is never shown here."
    enabled, words = True, "on"


class TamperProtectionOff(SetTamperProtection):
    """Switches tamper protection off."""

    key = "disable-tamper-protection"
    name = "Switch tamper protection off"
    description = "Lets people on the device change or remove Sophos. The password is never shown here."
    enabled, words = False, "off"


async def _enabled(place: InTenant, path: str) -> bool:
    answer = await place.get(path)
    if answer.status == NOT_FOUND:
        raise api_error(answer, f"GET {path}")
    if not isinstance(answer.body.get("enabled"), bool):
        raise malformed(f"GET {path}", "does not say whether it is on", answer)
    return bool(answer.body["enabled"])

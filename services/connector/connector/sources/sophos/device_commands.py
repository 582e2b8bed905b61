"""What the operations on one device have in common: finding it, and making sure that it is the one that is meant."""

from abc import abstractmethod
from typing import Any, Generic, TypeVar

from pydantic import Field

from connector.sources.base import Access, Journal, Observed, Outcome
from connector.sources.sophos.commands import Command, Which
from connector.sources.sophos.devices import device_path, devices_of
from connector.sources.sophos.in_tenant import InTenant
from connector.sources.sophos.matching import wrong_hostname
from connector.sources.sophos.sending import Evidence, there


class WhichDevice(Which):
    """One device, and the hostname that it must have, if that is to be made sure of."""

    expected_hostname: str | None = Field(default=None, max_length=255, description="The hostname that the device must have in Sophos.")


D = TypeVar("D", bound=WhichDevice)


class DeviceCommand(Command[D], Generic[D]):
    """Does something to one device."""

    def check(self, arguments: dict[str, Any]) -> None:
        """Raise `Invalid`, naming each argument that is wrong."""
        device_path(self.read(arguments).source_id)

    async def carry_out(self, access: Access, given: D, journal: Journal) -> Outcome:
        """Find the device and do it; refuse when it is not there or another one."""
        evidence = Evidence()
        found = await there(await devices_of(self.central, access), given.source_id, "device", evidence)
        if isinstance(found, Outcome):
            return found
        place, device = found
        if (another := wrong_hostname(device, given.expected_hostname, "nothing was done", evidence)) is not None:
            return another
        return await self.act(place, device, given, journal, evidence)

    @abstractmethod
    async def act(self, place: InTenant, device: Observed, given: D, journal: Journal, evidence: Evidence) -> Outcome:
        """Do it to the device that was found."""

"""The operation `delete-endpoint`."""

from pydantic import Field

from connector.sources.base import Access, Observed, Outcome
from connector.sources.sophos.across import AcrossTenants
from connector.sources.sophos.commands import Which
from connector.sources.sophos.deletion import Deletion
from connector.sources.sophos.devices import device_path, devices_of, look_for_device
from connector.sources.sophos.in_tenant import InTenant
from connector.sources.sophos.matching import wrong_hostname
from connector.sources.sophos.sending import Evidence, refused
from shared.events.sources import ProofOfAbsence


class WhichDevice(Which):
    """One device, and the hostname that it must have."""

    expected_hostname: str = Field(min_length=1, max_length=255, description="The hostname that the device must have in Sophos.")


class DeleteDevice(Deletion[WhichDevice]):
    """Deletes one device from Sophos Central, whose hostname must be the one that is expected."""

    key = "delete-endpoint"
    name = "Delete endpoint"
    description = "Removes the device from Sophos Central, and reads back that it is gone. Its software stays on it, unmanaged."
    arguments = WhichDevice
    kind = "device"

    async def opened(self, access: Access) -> AcrossTenants:
        """Return the devices that the credential reaches."""
        return await devices_of(self.central, access)

    async def look(self, place: InTenant, source_id: str) -> ProofOfAbsence | Observed:
        """Ask for the device."""
        return await look_for_device(place, source_id)

    def path(self, source_id: str) -> str:
        """Return the device's path."""
        return device_path(source_id)

    def another(self, there: Observed, given: WhichDevice, evidence: Evidence) -> Outcome | None:
        """Return the refusal when the hostname is another."""
        return wrong_hostname(there, given.expected_hostname, "nothing was deleted", evidence)

    def conflict(self, there: Observed, evidence: Evidence) -> Outcome:
        """Return what a 409 means."""
        remedy = "Look at the device in Sophos Central; when what is in progress has ended, ask again with the same key."
        message = f"Sophos does not delete {there.record.get('hostname')!r}: it reports a conflict"
        return refused("source_conflict", message, remedy, evidence, final=False)

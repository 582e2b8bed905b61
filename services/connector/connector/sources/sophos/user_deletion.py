"""The operation `delete-user`."""

from pydantic import Field

from connector.sources.base import Access, Observed, Outcome
from connector.sources.sophos.across import AcrossTenants
from connector.sources.sophos.commands import Which
from connector.sources.sophos.deletion import Deletion
from connector.sources.sophos.in_tenant import InTenant
from connector.sources.sophos.matching import wrong_email
from connector.sources.sophos.sending import Evidence, directory_of, refused
from connector.sources.sophos.users import look_for, user_path, users_of
from shared.events.sources import ProofOfAbsence


class WhichUser(Which):
    """One user, and the e-mail that they must have."""

    expected_email: str = Field(min_length=1, max_length=320, description="The e-mail that the user must have in Sophos.")


class DeleteUser(Deletion[WhichUser]):
    """Deletes one user, whose e-mail must be the one that is expected."""

    key = "delete-user"
    name = "Delete user"
    description = "Deletes the user in Sophos Central, and reads back that they are gone."
    arguments = WhichUser
    kind = "user"

    async def opened(self, access: Access) -> AcrossTenants:
        """Return the users that the credential reaches."""
        return await users_of(self.central, access)

    async def look(self, place: InTenant, source_id: str) -> ProofOfAbsence | Observed:
        """Ask for the user."""
        return await look_for(place, source_id)

    def path(self, source_id: str) -> str:
        """Return the user's path."""
        return user_path(source_id)

    def another(self, there: Observed, given: WhichUser, evidence: Evidence) -> Outcome | None:
        """Return the refusal when the e-mail is another."""
        return wrong_email(there, given.expected_email, "nothing was deleted", evidence)

    def conflict(self, there: Observed, evidence: Evidence) -> Outcome:
        """Tell a user that a directory brings from one that Sophos keeps for another reason."""
        directory = directory_of(there)
        if directory is not None:
            return refused(
                "directory_synced",
                f"Sophos does not delete this user: it is synchronized from {directory}",
                f"Remove or disable the user in {directory}; the next directory synchronization removes it from Sophos.",
                evidence,
            )
        return refused(
            "source_conflict",
            "Sophos does not delete this user: it reports a conflict",
            "Look at the user in Sophos Central: the last administrator, for one, cannot be deleted.",
            evidence,
        )

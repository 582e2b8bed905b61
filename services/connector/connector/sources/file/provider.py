"""The provider `file-users`."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from connector.sources.base import Access, Files, Operation, Source, Surroundings
from connector.sources.file.manifest import ABSENCE, ID_COLUMN, MANIFEST, MISSING
from connector.sources.file.session import FileSession
from shared.api.credentials import CredentialTestOut
from shared.api.sources import ProviderOut
from shared.errors import Invalid


class FileUsers:
    """Reads the file that was uploaded to an integration."""

    operations: Mapping[str, Operation] = {}

    def __init__(self, files: Files) -> None:
        self._files = files

    @property
    def manifest(self) -> ProviderOut:
        """What it is, needs and offers."""
        return MANIFEST

    async def open(self, access: Access) -> FileSession:
        """Look through the file. Raises `Invalid`, naming what keeps it from being read."""
        given = {one.key: one.value for one in access.inputs}
        if access.file_id is None or not given.get(ID_COLUMN):
            raise Invalid("there is no file, or no id_column", remedy="Upload a file, and set the input id_column.")
        is_everybody = given.get(ABSENCE) == MISSING
        return await FileSession.of(self._files, access.file_id, given[ID_COLUMN], is_everybody=is_everybody)

    async def test(self, access: Access) -> CredentialTestOut:
        """Nothing signs in to a file: no credential of this provider can be stored."""
        del access
        return CredentialTestOut(ok=True, checks=[])

    def forget(self, credential_id: UUID) -> None:
        """Nothing is kept."""


def sources(surroundings: Surroundings) -> Iterable[Source]:
    """Return the source that reads uploaded files; an agent, to which none are uploaded, has none."""
    return () if surroundings.files is None else (FileUsers(surroundings.files),)

"""What an integration's state allows."""

from typing import Any

from sqlalchemy import Row

from shared.errors import Conflict

FIRST = {"draft": "Launch it first.", "active": "Pause or archive it first.", "paused": "Resume it first.", "archived": "Restore it first."}
"""What to do before that which a state does not allow."""


class WrongState(Conflict):
    """The integration's state does not allow this."""

    code = "integration_state"


def require_kept(row: Row[Any]) -> None:
    """Raise `WrongState` when the integration is archived: it stays as it is until it is restored."""
    if row.state == "archived":
        raise WrongState(f"{row.name!r} is archived", remedy=FIRST["archived"])

"""The limits of quarantine as the settings say."""

from datetime import timedelta
from typing import Any

from connector.quarantine.quarantine import Limits
from connector.settings import ConnectorSettings


def limits_of(parts: Any) -> Limits:
    """Return them, from the connector's parts; the usual ones where there are none."""
    if parts is None:
        return Limits()
    settings: ConnectorSettings = parts.settings
    return Limits(
        settings.quarantine_failures, timedelta(hours=settings.quarantine_first_hours), timedelta(hours=settings.quarantine_longest_hours)
    )

"""What Sophos Central offers as sources. They share one wire, and one token per credential."""

from collections.abc import Iterable

from connector.sources.base import Source, Surroundings
from connector.sources.sophos.api import SophosCentral
from connector.sources.sophos.source import sophos_devices, sophos_users


def sources(surroundings: Surroundings) -> Iterable[Source]:
    """Return the kinds of source, as configured."""
    central = SophosCentral.configured(surroundings)
    return (sophos_users(central), sophos_devices(central))

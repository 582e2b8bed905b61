"""Names as people mean them: equal whatever their case, width and surrounding space."""

import unicodedata


def name_key(name: str) -> str:
    """Return what two equal names have in common."""
    return unicodedata.normalize("NFKC", name).strip().casefold()

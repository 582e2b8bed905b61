"""Words by which sources say yes and no, and how an account stands: in several languages, known by what they mean. Pure."""

from collections.abc import Iterable, Sequence

from shared.rules.fold import fold_text

YES_NO: dict[bool, tuple[str, ...]] = {
    True: ("yes", "true", "y", "t", "1", "on", "ja", "oui", "sí", "si", "sì", "sim", "tak", "はい"),
    False: ("no", "false", "n", "f", "0", "off", "nein", "non", "nee", "não", "nie", "nej", "いいえ"),
}
STANDING: dict[str, tuple[str, ...]] = {
    "active": ("active", "activated", "enabled", "aktiv", "aktiviert", "actif", "activé", "activo", "attivo", "ativo", "actief", "aktywny"),
    "inactive": (
        *("inactive", "deactivated", "disabled", "inaktiv", "deaktiviert", "inactif", "désactivé", "inactivo", "inattivo", "inativo"),
        *("inactief", "nieaktywny"),
    ),
    "suspended": ("suspended", "blocked", "locked", "gesperrt", "suspendu", "bloqué", "suspendido", "bloqueado", "sospeso", "geblokkeerd"),
    "pending": ("pending", "invited", "staged", "ausstehend", "eingeladen", "en attente", "invité", "pendiente", "invitado"),
    "gone": ("terminated", "deleted", "deprovisioned", "removed", "archived", "left", "ausgeschieden", "gelöscht", "supprimé", "eliminado"),
}
IS_ACTIVE = {"active": True, "inactive": False, "suspended": False, "gone": False}
"""What stands for yes or no where a field asks whether somebody is active; somebody who is only invited is neither."""


def as_yes_or_no(values: Iterable[str]) -> dict[str, str | int | float | bool | None] | None:
    """Return what words mean yes and no, when all the values are such words; None when one is not."""
    seen = {fold_text(value) for value in values}
    means_yes = {fold_text(word): yes for yes, words in YES_NO.items() for word in words}
    stands = {fold_text(word): yes for sense, yes in IS_ACTIVE.items() for word in STANDING[sense]}
    for table in (means_yes, stands):
        if seen <= table.keys():
            return dict(table)
    return None


def as_options(options: Sequence[str]) -> dict[str, str | int | float | bool | None]:
    """Return which words mean an option of a dropdown, where only one option has that meaning."""
    found: dict[str, str | int | float | bool | None] = {}
    for words in STANDING.values():
        known = {fold_text(word) for word in words}
        meant = [option for option in options if fold_text(option) in known]
        if len(meant) == 1:
            found |= dict.fromkeys(sorted(known - {fold_text(meant[0])}), meant[0])
    return found

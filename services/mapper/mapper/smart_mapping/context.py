"""Words around a name that say of whom or what it speaks: `manager.email` is not the person's e-mail address. Data and pure look-ups."""

from collections.abc import Iterable
from itertools import pairwise


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SECRETS = _words("""
    password passwords passwd pwd passphrase passcode secret secrets token tokens hash hashes hashed salt otp totp pin cvv apikey cookie jwt
    passwort kennwort geheimnis passe motdepasse contrasena clave senha haslo wachtwoord losenord parola パスワード
""")
SECRET_PAIRS = frozenset(
    {
        *(
            ("api", "key"),
            ("private", "key"),
            ("access", "key"),
            ("secret", "key"),
            ("encryption", "key"),
            ("recovery", "key"),
            ("ssh", "key"),
        ),
        *(
            ("recovery", "question"),
            ("recovery", "code"),
            ("security", "answer"),
            ("security", "question"),
            ("backup", "code"),
            ("backup", "codes"),
        ),
        *(
            ("session", "id"),
            ("session", "key"),
            ("license", "key"),
            ("public", "key"),
            ("two", "factor"),
            ("palabra", "clave"),
            ("mot", "passe"),
        ),
    }
)

# Somebody or something else. A name beside one of these speaks of that.
FOREIGN = _words("""
    manager managers managed supervisor boss assistant secretary approver reviewer delegate owner owners creator author
    editor inviter invited referrer parent sponsor created creation by modified updated changed deleted spouse child kin
    partner department departments dept group groups team teams company organization organisation org orgs tenant
    customer vendor division unit billing invoice payment bank cost license licenses plan subscription product emergency
    recovery secondary second alternate alternative other others personal private home backup old previous former past
    sender reply from notification notifications support help alert threat event events domain domains directory device
    devices computer host machine server client agent os browser role roles permission permissions policy settings
    preferences preference photo avatar image picture icon thumbnail profilephoto site sites location locations city
    street country state region zip postal office building app apps application applications service services
    integration connector provider providers idp saml sso mfa factor session sessions maiden middle nick phonetic legal
    birth birthday gender last first login logins links link url href schema schemas collection project projects
    workspace channel enterprise status suspended suspension deactivated disabled activated expires expiry expiration
    vorgesetzter vorgesetzten vorgesetzte ansprechpartner rechnung rechnungs gruppe gruppen firma unternehmen abteilung
    vertreter erstellt geandert privat privater notfall responsable superviseur facturation groupe entreprise societe
    jefe gerente grupo empresa facturacion fatturazione gruppo azienda leidinggevende factuur groep bedrijf przelozony
    grupa faktura chef grupp foretag
""")

# What a record wraps a person's values in.
NEUTRAL = _words("""
    user users profile person people employee employees member identity attributes attribute properties property data
    datas fields field record records item items name names details detail info information basic contact general core
    resource result results node nodes object primary main work official corporate meta metadata sys value values the of
    current emails email mails mail phones phone numbers number benutzer mitarbeiter kontakt utilisateur usuario utente
    gebruiker medewerker anvandare uzytkownik
""")

# What may follow a name without changing whom it speaks of.
SUFFIXES = _words("work primary main official corporate business")

# In a device's record: the person whom it was given to.
PERSON = _words("""
    user users person people employee owner owned assigned assignee associated member real primary
    benutzer mitarbeiter utilisateur usuario utente gebruiker
""")

# What turns a name into that of something beside the value: its id, its address, how many there are.
QUALIFIERS = _words("""
    id ids type types count url uri link key keys code status verified format enabled locked flag index size domain by name number date
""")


def is_secret(step: tuple[str, ...]) -> bool:
    """Return whether the words of a step name something that must not be copied anywhere."""
    return not SECRETS.isdisjoint(step) or not SECRET_PAIRS.isdisjoint(pairwise(step))


def speaks_of_others(steps: Iterable[tuple[str, ...]]) -> bool:
    """Return whether any word of a path speaks of somebody or something else, or of something beside the value."""
    return any(not (FOREIGN | QUALIFIERS).isdisjoint(step) for step in steps)


def is_neutral(step: tuple[str, ...]) -> bool:
    """Return whether a step only wraps what is in it: extensions of SCIM have a URN for a name."""
    return step[:1] == ("urn",) or NEUTRAL.issuperset(step)

"""What each status and code of Sophos Central means, and what to do about it."""

from typing import NamedTuple


class Refusal(NamedTuple):
    """Our code for it, what it means (added to what Sophos says), and the remedy."""

    code: str
    meaning: str
    remedy: str


SIGN_IN_CODES: dict[str, tuple[str, str, str]] = {
    "oauth.invalid_client_secret": (
        "sophos_wrong_secret",
        "Sophos does not accept the client secret",
        "Store the credential again with the secret as Sophos Central showed it, or create a new API credential there.",
    ),
    "oauth.client_app_does_not_exist": (
        "sophos_unknown_client",
        "Sophos does not know the client id",
        "Compare the client id with Sophos Central > API Credentials Management; the credential may have been deleted or have expired.",
    ),
    "oauth.invalid_client_id": (
        "sophos_unknown_client",
        "Sophos does not know the client id",
        "Compare the client id with Sophos Central > API Credentials Management.",
    ),
    "oauth.client_disabled": (
        "sophos_client_disabled",
        "Sophos has disabled the API credential",
        "Create a new API credential in Sophos Central and store it here.",
    ),
    "customer.validation": (
        "sophos_malformed_credential",
        "Sophos says that the client id or the secret is malformed",
        "Copy both anew from Sophos Central, without spaces or line ends.",
    ),
}

ANY_OTHER = Refusal("sophos_unexpected_answer", "", "Try again; if it stays, give Sophos support the correlation id.")
REFUSALS: dict[int, Refusal] = {
    304: Refusal(
        "sophos_not_modified",
        ", as if the answer were known already",
        "A proxy or a cache between the connector and Sophos answers in its place; let it pass these requests on.",
    ),
    400: Refusal(
        "sophos_bad_request", ": it does not understand the request", "Check the inputs and arguments; Sophos' words name what is wrong."
    ),
    404: Refusal(
        "sophos_not_found", ": it does not have that", "Look it up anew: it may have been deleted or have moved to another tenant."
    ),
    405: Refusal(
        "sophos_method_refused",
        ": it does not do that there",
        "Check that the URLs name Sophos Central; the API may have changed, so update Rollcall.",
    ),
    409: Refusal("sophos_conflict", ": it stands against what is there already", "Look at the record in Sophos Central."),
    413: Refusal("sophos_request_too_large", ": too much was sent at once", "Do it in several calls."),
    414: Refusal("sophos_address_too_long", ": more was asked for at once than fits into an address", "Ask for fewer at once."),
    422: Refusal(
        "sophos_unprocessable", ": it understands the request, but not its values", "Correct the arguments; Sophos' words name which."
    ),
    451: Refusal(
        "sophos_legally_blocked", ": the law of a country forbids it", "Ask Sophos support, with the correlation id, who may see this data."
    ),
}
NO_RIGHT = Refusal(
    "sophos_access_refused", "", "Give the API credential a role that may (Service Principal Management or Super Admin to change anything)."
)
FORBIDDEN: dict[str, Refusal] = {
    "partner assistance": Refusal(
        "sophos_no_partner_assistance",
        ": the customer has not allowed Partner Assistance",
        "Ask the customer to switch it on (Sophos Central > Account Details > Sophos Support), or leave the tenant out.",
    ),
    "trial": Refusal(
        "sophos_trial_tenant",
        ": the tenant is on trial",
        "A trial cannot be reached through its partner; leave the tenant out until it is bought.",
    ),
}


def forbidden(said: str) -> Refusal:
    """Return what a 403 means, as far as Sophos says it."""
    words = said.casefold()
    return next((refusal for part, refusal in FORBIDDEN.items() if part in words), NO_RIGHT)

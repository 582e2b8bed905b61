"""What Sophos Central's refusals mean, in plain words, with its own code and correlation id."""

from typing import Any

from connector.sources.sophos.refusals import ANY_OTHER, REFUSALS, SIGN_IN_CODES, forbidden
from connector.sources.wire import SERVER_ERRORS, TOO_MANY_REQUESTS, Answer, RefusedAnswer, SourceFailed, SourceThrottled
from shared.errors import AppError, Invalid, UpstreamRefused

LONGEST_QUOTE = 200
NOT_MODIFIED = 304


class SignInRefused(UpstreamRefused):
    """Sophos does not accept the credential."""

    code, title = "sophos_sign_in_refused", "Sophos refused the sign-in"
    of_credential = True


class AccessRefused(UpstreamRefused):
    """Sophos knows the credential, but does not let it do this."""

    code, title = "sophos_access_refused", "Sophos refused access"
    of_credential = True


class UnexpectedAnswer(UpstreamRefused):
    """Sophos answered something that its API does not describe."""

    code, title = "sophos_unexpected_answer", "Sophos answered something unexpected"


class WrongKindOfCredential(UpstreamRefused):
    """The credential belongs neither to a tenant nor to a partner nor to an organization."""

    code, title = "sophos_unknown_kind_of_credential", "Unknown kind of credential"
    of_credential = True


class TenantUnusable(UpstreamRefused):
    """A tenant that was chosen cannot be spoken to."""

    code, title = "sophos_tenant_unusable", "The tenant cannot be used"


class NeverListed(TenantUnusable):
    """A quick run leaves out a tenant that no run has listed whole."""

    code, title = "sophos_tenant_never_listed", "The tenant was never listed whole"


class InputsDisagree(Invalid):
    """The integration's inputs name another tenant or region than the credential belongs to."""

    code, title = "sophos_inputs_disagree", "Inputs and credential disagree"


def sign_in_error(answer: Answer) -> AppError:
    """Return the error for an answer of the sign-in host that is not a token."""
    if (passing := _passing(answer, "the sign-in")) is not None:
        return passing
    told = str(answer.body.get("errorCode", ""))
    code, message, remedy = SIGN_IN_CODES.get(
        told,
        (
            "sophos_sign_in_refused",
            f"Sophos refused the sign-in with {answer.status}",
            "Check the credential in Sophos Central > API Credentials Management.",
        ),
    )
    return SignInRefused(f"{message}{_quoted(answer)}", remedy=remedy, code=code, **_details(answer))


def api_error(answer: Answer, asked: str) -> AppError:
    """Return the error for an answer to `asked` (method and path) that is not what was asked for."""
    if (passing := _passing(answer, asked)) is not None:
        return passing
    said = _quoted(answer)
    match answer.status:
        case 401:
            return SignInRefused(
                f"Sophos refused a fresh token for {asked}{said}",
                remedy="Test the credential; if that works, check the tenant id that the integration uses.",
                code="sophos_token_refused",
                **_details(answer),
            )
        case 403:
            refusal = forbidden(str(answer.body.get("message") or answer.body.get("error") or ""))
            message = f"the credential may not do {asked}{said}{refusal.meaning}"
            return AccessRefused(message, remedy=refusal.remedy, code=refusal.code, **_details(answer))
        case _:
            refusal = REFUSALS.get(answer.status, ANY_OTHER)
            message = f"Sophos answered {answer.status} to {asked}{said}{refusal.meaning}"
            return UnexpectedAnswer(message, remedy=refusal.remedy, code=refusal.code, **_details(answer))


def malformed(asked: str, what: str, answer: Answer | None = None) -> AppError:
    """Return the error for a successful answer that lacks `what`."""
    return UnexpectedAnswer(
        f"Sophos' answer to {asked} {what}",
        remedy="Check that ROLLCALL_CONNECTOR_SOPHOS_ID_URL and ..._GLOBAL_URL name Sophos Central, and that no proxy changes answers.",
        code="sophos_malformed_answer",
        **(_details(answer) if answer is not None else {}),
    )


def _passing(answer: Answer, asked: str) -> AppError | None:
    """Return the error for what passes by itself, or None."""
    if answer.status == TOO_MANY_REQUESTS:
        return SourceThrottled(
            f"Sophos asks for fewer requests{_quoted(answer)}",
            remedy="Wait; Sophos allows 100 requests a minute and 200,000 a day.",
            retry_after=answer.retry_after,
            **_details(answer),
        )
    if answer.status >= SERVER_ERRORS:
        return SourceFailed(
            f"Sophos failed with {answer.status} at {asked}{_quoted(answer)}",
            remedy="Try again later; if it stays, look at Sophos' status page.",
            **_details(answer),
        )
    if 300 <= answer.status < 400 and answer.status != NOT_MODIFIED:  # noqa: PLR2004 - redirects
        return RefusedAnswer(
            f"Sophos sends {asked} elsewhere ({answer.status}), which is not followed",
            remedy="Check ROLLCALL_CONNECTOR_SOPHOS_ID_URL and ..._GLOBAL_URL, and whether a proxy asks for a sign-in.",
            code="source_redirected",
            **_details(answer),
        )
    return None


def _details(answer: Answer) -> dict[str, Any]:
    told = answer.body.get("errorCode") or answer.body.get("code") or answer.body.get("error")
    return {
        "source_status": answer.status,
        "source_code": str(told)[:LONGEST_QUOTE] if told else None,
        "source_correlation_id": answer.correlation_id,
    }


def _quoted(answer: Answer) -> str:
    said = answer.body.get("message") or answer.body.get("error") or answer.body.get("errorCode")
    return f": {str(said)[:LONGEST_QUOTE]!r}" if said else ""

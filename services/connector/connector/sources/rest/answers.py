"""What a described API's refusals mean, in plain words."""

from typing import Any

from connector.sources.wire import SERVER_ERRORS, TOO_MANY_REQUESTS, Answer, RefusedAnswer, SourceFailed, SourceThrottled
from shared.errors import AppError, UpstreamRefused
from shared.events.sources import ProofOfAbsence


class SignInRefused(UpstreamRefused):
    """The API does not accept the credential."""

    code, title = "rest_sign_in_refused", "The source refused the sign-in"
    of_credential = True


class AccessRefused(UpstreamRefused):
    """The API knows the credential, but does not let it do this."""

    code, title = "rest_access_refused", "The source refused access"
    of_credential = True


class UnexpectedAnswer(UpstreamRefused):
    """The API answered something that the settings do not describe."""

    code, title = "rest_unexpected_answer", "The source answered something unexpected"


ELSEWHERE = (RefusedAnswer, "sends us elsewhere, which is not followed", "Give the address that it leads to as url, if you trust it.")
MEANINGS: dict[int, tuple[type[UpstreamRefused], str, str]] = {
    **dict.fromkeys((301, 302, 303, 307, 308), ELSEWHERE),
    401: (SignInRefused, "refused the credential", "Test the credential, and store it anew if it has changed."),
    403: (AccessRefused, "may not be done with this credential", "Let the credential read users at the source."),
    404: (UnexpectedAnswer, "found nothing there", "Mend the input url."),
}


def refused(answer: Answer, url: str) -> AppError:
    """Return the error for an answer that is not a success."""
    asked = f"GET {url.partition('?')[0]}"
    told: dict[str, Any] = {"source_status": answer.status, "source_correlation_id": answer.correlation_id}
    if answer.status == TOO_MANY_REQUESTS:
        return SourceThrottled(f"{asked} asks for fewer requests", remedy="Wait.", retry_after=answer.retry_after, **told)
    if answer.status >= SERVER_ERRORS:
        return SourceFailed(f"{asked} failed with {answer.status}", remedy="Try again later.", **told)
    kind, what, remedy = MEANINGS.get(
        answer.status, (UnexpectedAnswer, f"answered {answer.status}", "Check the inputs against the API's own description.")
    )
    return kind(f"{asked} {what}", remedy=remedy, **told)


def strange(url: str, what: str, remedy: str, answer: Answer) -> AppError:
    """Return the error for a successful answer that is not what the settings describe."""
    asked = f"GET {url.partition('?')[0]}"
    return UnexpectedAnswer(f"the answer to {asked} {what}", remedy=remedy, source_status=answer.status)


def proof_of_absence(source_id: str, url: str, answer: Answer) -> ProofOfAbsence:
    """Return the proof that a 404 is. Raises `UnexpectedAnswer` when it is not JSON: a proxy proves nothing."""
    if not answer.is_json:
        raise strange(url, "is a 404, but not in the API's words", "Something in between answers in its place; check the proxy.", answer)
    path = "/" + url.partition("://")[2].partition("/")[2].partition("?")[0]
    return ProofOfAbsence(
        source_id=source_id, asked=f"GET {path}", status=answer.status, asked_at=answer.at, source_correlation_id=answer.correlation_id
    )

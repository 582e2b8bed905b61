"""Errors every service may raise, and what each means to a caller.

AppError
├── NotFound           404   the thing named in the request is not there
├── Conflict           409   it exists already, changed under you, or is not in the right state
├── Invalid            422   understood, but breaks a rule of the domain
├── Unauthenticated    401   no caller, or one we cannot recognise
├── Forbidden          403   known caller, not allowed
└── Upstream           502   another system failed us; worth another attempt
    ├── Throttled      503   and it asked us to come back later
    └── UpstreamRefused 502  and it will answer the same tomorrow: somebody must mend something first
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class AppError(Exception):
    """An error with a status for HTTP, a code for programs, and a remedy for people.

    `retryable` is what the bus reads: an error that is not retryable parks its message in the dead letters at once.
    """

    status: ClassVar[int] = 500
    code: str = "internal_error"
    title: ClassVar[str] = "Something failed"
    retryable: bool = False
    of_credential: ClassVar[bool] = False
    """Whether it stays until somebody mends a credential, or what it may do."""

    def __init__(
        self,
        message: str,
        *,
        remedy: str | None = None,
        code: str | None = None,
        fields: Sequence[Mapping[str, Any]] = (),
        **details: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.fields = [dict(field) for field in fields]
        self.details = details
        if code is not None:
            self.code = code


class NotFound(AppError):
    """The thing named in the request is not there."""

    status, code, title = 404, "not_found", "Not found"


class Conflict(AppError):
    """It exists already, changed under you, or is in a state that does not allow this."""

    status, code, title = 409, "conflict", "Conflict"


class Invalid(AppError):
    """Understood, but breaks a rule of the domain. `fields` lists `{field, message, remedy}`."""

    status, code, title = 422, "invalid", "Invalid"


class Unauthenticated(AppError):
    """No caller, or one we cannot recognise."""

    status, code, title = 401, "unauthenticated", "Not signed in"


class Forbidden(AppError):
    """A known caller who is not allowed to do this."""

    status, code, title = 403, "forbidden", "Not allowed"


class Upstream(AppError):
    """Another system failed us; trying again may help."""

    status, code, title, retryable = 502, "upstream_failed", "Another system failed", True


class Throttled(Upstream):
    """Another system asked us to come back later, after `retry_after` seconds if it said so."""

    status, code, title = 503, "throttled", "Another system asks us to slow down"

    def __init__(self, message: str, *, retry_after: float | None = None, **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.retry_after = retry_after


class UpstreamRefused(Upstream):
    """Another system said no, and will say it again until somebody mends something."""

    code, title, retryable = "upstream_refused", "Another system refused", False

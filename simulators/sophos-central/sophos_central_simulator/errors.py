"""Error bodies as Sophos writes them: the API's object, and the token endpoint's other one."""

import json
from datetime import datetime
from uuid import uuid4

from fastapi import Response
from orjson import dumps

from sophos_central_simulator.people import stamp

# The short names are spelt in several ways by Sophos, too.
NAMES = {
    400: ("badRequest", "Invalid request"),
    401: ("Unauthorized", None),
    403: ("forbidden", "Forbidden"),
    404: ("notFound", "Resource not found"),
    405: ("methodNotAllowed", "Method not allowed"),
    409: ("conflict", "Conflict"),
    413: ("payloadTooLarge", "The body is too large"),
    414: ("uriTooLong", "The URI is longer than 7 KB"),
    429: ("tooManyRequests", "Too many requests"),
    500: ("internalServerError", "Internal error"),
    502: ("badGateway", "Bad gateway"),
    503: ("serviceUnavailable", "Service unavailable"),
}


class Refused(Exception):
    """Ends a request with an error object; without a message it says what Sophos says for the status."""

    def __init__(self, status: int, message: str | None = None, headers: dict[str, str] | None = None) -> None:
        self.error, usual = NAMES.get(status, ("error", "Refused"))
        self.status, self.message, self.headers = status, message or usual, headers or {}
        super().__init__(self.message)

    def response(self, now: datetime) -> Response:
        """Return the error object; its ids differ from call to call. A 401 has neither a time nor a message."""
        body = {"error": self.error, "correlationId": str(uuid4()), "requestId": str(uuid4())}
        if self.message:
            body |= {"createdAt": stamp(now), "message": self.message}
        return Response(json.dumps(body, indent=4, ensure_ascii=False), self.status, self.headers, "application/json")


def token_refused(status: int, code: str, message: str = "Unauthorized") -> Response:
    """Return the token endpoint's kind of error."""
    return Response(dumps({"errorCode": code, "message": message, "trackingId": str(uuid4())}), status, media_type="application/json")

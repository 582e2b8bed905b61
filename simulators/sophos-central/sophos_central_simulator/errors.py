"""Error bodies as Sophos writes them: the API's object, and the token endpoint's other one."""

from datetime import UTC, datetime
from uuid import uuid4

from fastapi import Response
from orjson import OPT_INDENT_2, dumps

from sophos_central_simulator.people import stamp


class Refused(Exception):
    """Ends a request with an error object."""

    def __init__(self, status: int, error: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.error, self.message, self.headers = status, error, message, headers or {}

    def response(self) -> Response:
        """Return the error object; its ids differ from call to call."""
        body = {
            "error": self.error,
            "correlationId": str(uuid4()),
            "requestId": str(uuid4()),
            "createdAt": stamp(datetime.now(UTC)),
            "message": self.message,
        }
        return Response(dumps(body, option=OPT_INDENT_2), self.status, self.headers, "application/json")


def token_refused(status: int, code: str, message: str = "Unauthorized") -> Response:
    """Return the token endpoint's kind of error."""
    return Response(dumps({"errorCode": code, "message": message, "trackingId": str(uuid4())}), status, media_type="application/json")

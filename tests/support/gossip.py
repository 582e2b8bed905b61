"""An API of people that repeats whatever it was sent, wherever it can: what a secret must survive."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

PEOPLE = [{"id": f"e{number}", "email": f"p{number}@x.example"} for number in range(5)]
MOODS = ("401", "403", "429", "500", "not json", "elsewhere", "strange")


@dataclass
class Gossip:
    """Lets everybody in. In a mood it refuses, and repeats headers, address and body in every field that a client may read."""

    token: str
    mood: str = ""
    login_mood: str = ""

    def app(self) -> FastAPI:
        """Return the API."""
        app = FastAPI()

        @app.post("/login")
        async def login(request: Request) -> Response:
            answer = {"access_token": self.token, "expires_in": 3600, "data": {"token": self.token}}
            return await _moody(request, self.login_mood) if self.login_mood else JSONResponse(answer)

        @app.get("/staff")
        async def staff(request: Request, whole: Annotated[int, Query(alias="all")], start: int = 0) -> Response:
            assert whole == 1
            if self.mood:
                return await _moody(request, self.mood)
            following = request.url.include_query_params(start=start + 2)
            headers = {"Link": f'<{following}>; rel="next"'} if start + 2 < len(PEOPLE) else {}
            return JSONResponse(PEOPLE[start : start + 2], headers=headers)

        return app


async def _moody(request: Request, mood: str) -> Response:
    said = " ".join([str(request.url), *request.headers.values(), *request.query_params.values(), (await request.body()).decode()])
    fields: dict[str, Any] = dict.fromkeys(("message", "error", "correlationId", "requestId", "trackingId", "code"), said)
    if sent := request.headers.get("authorization") or request.headers.get("x-key"):
        # The shortest of what is worth repeating: clients cut an id off.
        fields["correlationId"] = sent.removeprefix("Basic ").removeprefix("Bearer ")
    match mood:
        case "not json":
            return Response(said, media_type="text/plain", headers={"Retry-After": "1"})
        case "elsewhere":
            return RedirectResponse(f"{request.url}&said={request.headers.get('authorization')}")
        case "strange":
            return JSONResponse({"people": said})
        case _:
            return JSONResponse(fields, int(mood))

"""The Date header: the time of the simulator's own clock, so that a client who reads it ages with everything else."""

from email.utils import formatdate

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sophos_central_simulator.clock import Clock


def dated(app: ASGIApp, clock: Clock) -> ASGIApp:
    """Return an app whose answers say what time it is."""

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        async def dating(message: Message) -> None:
            if message["type"] == "http.response.start":
                now = formatdate(clock.now().timestamp(), usegmt=True).encode()
                message = {**message, "headers": [*message.get("headers", ()), (b"date", now)]}
            await send(message)

        await app(scope, receive, dating)

    return answering

"""Dropping a connection as a failing network does: the client sees it end, with no answer or half of one."""

from starlette.types import Message, Receive, Send


async def drop(receive: Receive, send: Send) -> None:
    """Close the client's connection now, whatever was sent, and wait until it is closed.

    ASGI has no message for this, so the server's own transport is asked; `send` must be the server's, not a wrapper of it.
    Raises `ConnectionResetError` under a server that has none (an in-process client then sees that error).
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError("the simulator cuts this connection")
    transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass


class Collected:
    """Takes an answer in the place of a client."""

    def __init__(self) -> None:
        self.start: Message | None = None
        self.body = b""

    async def __call__(self, message: Message) -> None:
        """Take a message."""
        if message["type"] == "http.response.start":
            self.start = message
        else:
            self.body += message.get("body", b"")

    async def send_half(self, send: Send) -> None:
        """Send the answer's head and the first half of its body."""
        if self.start is not None:
            await send(self.start)
            await send({"type": "http.response.body", "body": self.body[: len(self.body) // 2], "more_body": True})

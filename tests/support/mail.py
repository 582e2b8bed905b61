"""A mail server that takes messages and keeps them; it can be told to refuse."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class Mailbox:
    """What has arrived at a mail server on `port`."""

    port: int = 0
    refuse: bool = False
    messages: list[tuple[str, EmailMessage]] = field(default_factory=list)
    """Recipient and message."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak SMTP as far as a sender without an account needs it (RFC 5321)."""
        writer.write(b"220 here\r\n")
        recipient = ""
        while line := (await reader.readline()).decode().strip():
            word = line.split()[0].upper()
            if word == "RCPT":
                recipient = line.partition("<")[2].partition(">")[0]
            if word == "DATA":
                writer.write(b"354 go on\r\n")
                body = await reader.readuntil(b"\r\n.\r\n")
                parsed = message_from_bytes(body[:-5], policy=policy.default)
                assert isinstance(parsed, EmailMessage)
                self.messages.append((recipient, parsed))
            writer.write(b"451 not now\r\n" if self.refuse and word == "MAIL" else b"221 bye\r\n" if word == "QUIT" else b"250 ok\r\n")
            await writer.drain()
            if word == "QUIT":
                break
        writer.close()


@asynccontextmanager
async def mail_server() -> AsyncIterator[Mailbox]:
    """Give a mail server on the loopback address."""
    mailbox = Mailbox()
    server = await asyncio.start_server(mailbox.serve, "127.0.0.1", 0)
    mailbox.port = server.sockets[0].getsockname()[1]
    async with server:
        yield mailbox

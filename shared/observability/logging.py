"""Structured logs: one JSON object a line on standard error, or readable lines for people at a terminal."""

import json
import logging
import sys
from typing import Any, Literal

import orjson
import structlog

LogFormat = Literal["json", "console"]


def get_logger(name: str) -> Any:
    """Return the logger of a module. Events are constant lower-case phrases with fields."""
    return structlog.get_logger(component=name)


def configure_logging(*, level: str = "INFO", style: LogFormat = "json") -> None:
    """Set up logging of this process, and send the standard library's logs the same way."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(serializer=_line)
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    threshold = logging.getLevelNamesMapping()[level]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        ),
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(threshold)
    # Their request lines name full URLs; our own lines name what matters.
    for noisy in ("httpx", "httpcore", "uvicorn.access", "aiosqlite", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # They report each lost connection with a stack trace; the bus says it in one line, with what it means.
    for alarmed in ("aiormq", "aio_pika"):
        logging.getLogger(alarmed).setLevel(logging.CRITICAL)


def _line(entry: dict[str, Any], **_: Any) -> str:
    """Return an entry as one line of JSON, whatever it holds: a log line must not make the work fail that it tells of."""
    try:
        return orjson.dumps(entry, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:
        return json.dumps({str(name): str(value) for name, value in entry.items()})

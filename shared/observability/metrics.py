"""The metrics every service has; those of one subject stand beside it."""

from prometheus_client import Counter, Gauge, Histogram

OUTBOX_PENDING = Gauge("rollcall_outbox_pending", "Events waiting in the outbox at the relay's last look (at most one batch)", ["service"])
OUTBOX_OLDEST = Gauge("rollcall_outbox_oldest_seconds", "Age of the oldest waiting event at the relay's last look; 0: none", ["service"])
OUTBOX_RELAYED = Counter("rollcall_outbox_relayed", "Events handed to the bus", ["service"])
MESSAGES_HANDLED = Counter("rollcall_messages_handled", "Messages handled", ["consumer"])
MESSAGES_RETRIED = Counter("rollcall_messages_retried", "Attempts that failed and were repeated", ["consumer"])
HTTP_REQUESTS = Histogram("rollcall_http_request_seconds", "Time to answer a request", ["service", "method", "route", "status"])

"""The message bus: a port with two adapters, in-process and RabbitMQ, held to one conformance suite."""

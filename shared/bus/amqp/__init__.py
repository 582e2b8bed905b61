"""What the RabbitMQ adapter is made of: names and queues, the wire format, publishing, consuming, dead letters."""

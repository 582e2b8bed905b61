"""The shapes that services' HTTP APIs share: what one answers, another's typed client reads, and the gateway publishes."""

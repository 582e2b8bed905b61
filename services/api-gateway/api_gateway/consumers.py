"""What the gateway hears: nothing yet."""

from shared.bus.subscriptions import Subscriptions

subscriptions = Subscriptions("api-gateway")

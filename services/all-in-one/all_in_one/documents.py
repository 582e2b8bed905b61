"""The documents that are generated from the code: collected here, because only here everything can be imported."""

from all_in_one.services import SERVICES
from all_in_one.troubleshooting import render_troubleshooting
from api_gateway.consumers import subscriptions as gateway
from connector.consumers import subscriptions as connector
from connector.local.settings import AgentSettings
from mapper.consumers import subscriptions as mapper
from shared.config import CommonSettings
from shared.config_docs import render_settings
from shared.events import CONTRACTS
from shared.events.catalogue import render_events
from shared.rules_docs import render_operators
from workflow_engine.consumers import subscriptions as workflow_engine


def documents() -> dict[str, str]:
    """Return the text of each generated document by its file name."""
    heard = {subscriptions.service: subscriptions.heard() for subscriptions in (connector, mapper, workflow_engine, gateway)}
    return {
        "events.md": render_events(CONTRACTS, heard),
        "operators.md": render_operators(),
        "troubleshooting.md": render_troubleshooting(),
        "settings.md": render_settings([CommonSettings, *(service.settings for service in SERVICES.values()), AgentSettings]),
    }

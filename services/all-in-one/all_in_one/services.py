"""The four services by name: their settings and their tables."""

from dataclasses import dataclass

from api_gateway.settings import GatewaySettings
from api_gateway.tables import SCHEMA as GATEWAY_SCHEMA
from connector.settings import ConnectorSettings
from connector.tables import SCHEMA as CONNECTOR_SCHEMA
from mapper.settings import MapperSettings
from mapper.tables import SCHEMA as MAPPER_SCHEMA
from shared.config import ServiceSettings
from shared.db.migrate import Schema
from workflow_engine.settings import WorkflowEngineSettings
from workflow_engine.tables import SCHEMA as WORKFLOW_ENGINE_SCHEMA


@dataclass(frozen=True, slots=True)
class Service:
    """One service: its name, what it can be told, and what it stores."""

    name: str
    settings: type[ServiceSettings]
    schema: Schema


SERVICES = {
    service.name: service
    for service in (
        Service("connector", ConnectorSettings, CONNECTOR_SCHEMA),
        Service("mapper", MapperSettings, MAPPER_SCHEMA),
        Service("workflow-engine", WorkflowEngineSettings, WORKFLOW_ENGINE_SCHEMA),
        Service("api-gateway", GatewaySettings, GATEWAY_SCHEMA),
    )
}

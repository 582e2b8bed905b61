"""Everything the process was told: settings of all services, with what the embedded mode supplies by itself."""

import os
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from all_in_one.embedded import DataDirectory
from all_in_one.services import SERVICES
from connector.local.settings import AgentSettings
from shared.config import CommonSettings, ServiceSettings, load, refuse_unknown

ENCRYPTION_KEYS = ("encryption_key", "encryption_key_file", "encryption_key_command")
"""The settings of which a service needs exactly one; the embedded mode makes a key when there is none."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings of this process. `overrides` are what the command line said, by service and field."""

    common: CommonSettings
    data: DataDirectory
    overrides: dict[str, dict[str, Any]] = field(default_factory=dict)

    def service(self, name: str) -> Any:
        """Return a service's settings; in the embedded mode what is unset gets a file or a key of our own. Raises `BadSettings`."""
        kind = SERVICES[name].settings
        supplied = {**self._supplied(name, kind), **self.overrides.get(name, {})}
        return load(kind, **supplied)

    def _supplied(self, name: str, kind: type[ServiceSettings]) -> dict[str, Any]:
        supplied: dict[str, Any] = {}
        if self.common.bus_url is None:
            if _unset(kind, "database_url"):
                supplied["database_url"] = self.data.database_url(name)
            if "encryption_key" in kind.model_fields and all(_unset(kind, name) for name in ENCRYPTION_KEYS):
                supplied["encryption_key"] = self.data.key("encryption")
        return supplied


def configure(*, overrides: dict[str, dict[str, Any]] | None = None, **common_overrides: Any) -> Configuration:
    """Read and check the whole environment. Raises `BadSettings`, which names every variable that is wrong."""
    refuse_unknown([CommonSettings, AgentSettings, *(service.settings for service in SERVICES.values())])
    common = load(CommonSettings, **common_overrides)
    data = DataDirectory(common.data_dir)
    if common.bus_url is None:
        data.create()
        if common.service_key is None:
            common = load(CommonSettings, **common_overrides, service_key=data.key("service"))
    return Configuration(common, data, overrides or {})


def shown(settings: CommonSettings | ServiceSettings) -> list[tuple[str, str, str]]:
    """Return (variable, value, description) of each setting, secrets masked."""
    prefix = str(settings.model_config.get("env_prefix", ""))
    return [
        (f"{prefix}{name}".upper(), _masked(getattr(settings, name)), info.description or "")
        for name, info in type(settings).model_fields.items()
    ]


def _masked(value: Any) -> str:
    if value is None:
        return "(unset)"
    return "********" if isinstance(value, SecretStr) else str(value)


def _unset(kind: type[ServiceSettings], name: str) -> bool:
    variable = f"{kind.model_config.get('env_prefix', '')}{name}".upper()
    return variable not in {present.upper() for present in os.environ}

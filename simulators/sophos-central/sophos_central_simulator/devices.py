"""Simulated devices: each one follows from the seed and its index, and belongs to somebody of the directory."""

from datetime import datetime, timedelta
from typing import Any

from sophos_central_simulator.people import stamp
from sophos_central_simulator.spread import Dice, SpreadIds, key_of

Json = dict[str, Any]

HEALTH = ("good",) * 17 + ("suspicious", "bad", "unknown")
COMPUTERS = (
    ("windows", "Windows 11 Pro", 10, 0, 22631),
    ("windows", "Windows 11 Enterprise", 10, 0, 26100),
    ("windows", "Windows 10 Pro", 10, 0, 19045),
    ("macOS", "macOS Sequoia 15", 15, 3, 0),
)
SERVERS = (("windows", "Windows Server 2022", 10, 0, 20348), ("linux", "Ubuntu 24.04 LTS", 24, 4, 0))
GROUPS = ("Office", "Laptops", "Data centre")
PRODUCTS = ("coreAgent", "endpointProtection", "interceptX")
LONGEST_UNSEEN = 90 * 24 * 60
"""Minutes."""


class Devices:
    """Makes the devices of one tenant. `day` is when its last-seen times end."""

    def __init__(self, seed: int, domain: str, count: int, tenant_id: str, day: datetime) -> None:
        self._key = key_of(seed, domain, "devices")
        self.ids = SpreadIds(key_of(seed, domain, "device ids"), count)
        self._groups = SpreadIds(key_of(seed, domain, "device groups"), len(GROUPS))
        self._tenant, self._day = {"id": tenant_id}, day

    def at(self, index: int) -> Json:
        """Return the device of an index as it is until something changes it. Who has it is told by the fleet."""
        dice = Dice(self._key, index)
        is_server = _is_server(dice)
        seen = self._day - timedelta(minutes=dice.below(LONGEST_UNSEEN) if dice.below(3) == 0 else dice.below(24 * 60))
        online = self._day - seen < timedelta(hours=12)
        number = index + 1
        return {
            "id": self.ids.at(index),
            "type": "server" if is_server else "computer",
            "tenant": self._tenant,
            "hostname": f"{'SRV' if is_server else 'PC'}-{number:04}",
            "health": _health(dice.of(HEALTH)),
            "os": _os(dice, is_server=is_server),
            "ipv4Addresses": [f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"],
            "ipv6Addresses": [f"2001:db8::{number:x}" if number < 1 << 16 else f"2001:db8::{number >> 16:x}:{number & 65535:x}"],
            "macAddresses": ["00:15:" + ":".join(f"{byte:02X}" for byte in number.to_bytes(4, "big"))],
            "group": self._group(dice.below(len(GROUPS))),
            "tamperProtectionSupported": True,
            "tamperProtectionEnabled": True,
            "assignedProducts": [{"code": code, "version": "2024.3.2", "status": "installed"} for code in PRODUCTS],
            "lastSeenAt": stamp(seen),
            "lastOsUpdateAt": stamp(seen - timedelta(days=dice.below(40))),
            "lastAgentUpdateAt": stamp(seen - timedelta(days=dice.below(20))),
            "serialNumber": f"SN-{number:07}",
            "online": online,
            "cloned": False,
            **(_of_a_server(dice) if is_server else _of_a_computer(self.ids.at(index), dice)),
            "isolation": {"status": "notIsolated", "adminIsolated": False, "selfIsolated": False},
        }

    def is_server(self, index: int) -> bool:
        """Return whether the device of an index is a server, without making the whole device."""
        return _is_server(Dice(self._key, index))

    def _group(self, index: int) -> Json:
        return {"id": self._groups.at(index), "name": GROUPS[index]}


def _is_server(dice: Dice) -> bool:
    """Make the first throw of a device."""
    return dice.below(8) == 0


def _health(overall: str) -> Json:
    status = "running" if overall in {"good", "suspicious"} else "stopped"
    services = "good" if status == "running" else overall
    return {
        "overall": overall,
        "threats": {"status": "good" if overall == "unknown" else overall},
        "services": {"status": services, "serviceDetails": [{"name": "Sophos MCS Client", "status": status}]},
    }


def _os(dice: Dice, *, is_server: bool) -> Json:
    kinds = SERVERS if is_server else COMPUTERS
    platform, name, major, minor, build = kinds[dice.below(len(kinds))]
    system: Json = {"isServer": is_server, "platform": platform, "name": name, "majorVersion": major, "minorVersion": minor}
    return system | ({"build": build} if build else {})


def _of_a_computer(device_id: str, dice: Dice) -> Json:
    status = "encrypted" if dice.below(4) else "notEncrypted"
    return {"encryption": {"overallStatus": status, "volumes": [{"volumeId": device_id, "status": status}]}}


def _of_a_server(dice: Dice) -> Json:
    cloud: Json = {"cloud": {"provider": "aws", "instanceId": f"i-{dice.below(1 << 32):08x}"}} if dice.below(3) == 0 else {}
    return {"lockdown": {"status": "notInstalled", "updateStatus": "notInstalled"}, **cloud}

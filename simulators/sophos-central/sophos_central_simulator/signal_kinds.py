"""What devices report, and which of it calls for somebody: the types of events, those that raise alerts among them."""

from base64 import b64encode
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of event. With a `category` it raises an alert, on which the `actions` can be taken."""

    type: str
    text: str
    group: str
    severity: str
    threat: str = ""
    category: str = ""
    actions: tuple[str, ...] = ()

    @property
    def group_key(self) -> str:
        """What alerts have in common that are about the same thing."""
        return b64encode(f"1,{self.type},{len(self.type)},{self.threat}".encode()).decode()

    def about(self, hostname: str) -> str:
        """Return what happened, in a sentence."""
        return self.text.format(threat=self.threat, host=hostname)


SEVERITIES = ("low", "medium", "high")
PLAIN = (
    Kind("Event::Endpoint::UpdateSuccess", "Update succeeded", "UPDATING", "low"),
    Kind("Event::Endpoint::SavScanComplete", "Scan 'Sophos Cloud Scheduled Scan' completed", "MALWARE", "low"),
    Kind("Event::Endpoint::WebControlViolation", "'games.example.net' blocked due to category 'Games'", "WEB", "low"),
    Kind(
        "Event::Endpoint::Threat::CleanedUp",
        "Malware cleaned up: '{threat}' at 'C:\\Users\\Public\\Downloads\\eicar.com'",
        "MALWARE",
        "medium",
        "EICAR-AV-Test",
    ),
)
ALERTING = (
    Kind(
        "Event::Endpoint::Threat::CleanupFailed",
        "Manual cleanup required: '{threat}' at 'C:\\Users\\Public\\Downloads\\eicar.com'",
        "MALWARE",
        "high",
        "EICAR-AV-Test",
        "malware",
        ("acknowledge", "clearThreat"),
    ),
    Kind(
        "Event::Endpoint::Threat::PuaCleanupFailed",
        "Manual PUA cleanup required: '{threat}' at 'C:\\Program Files (x86)\\Tools\\psexec.exe'",
        "PUA",
        "medium",
        "PsExec",
        "pua",
        ("acknowledge", "authPua", "cleanPua"),
    ),
    Kind("Event::Endpoint::NotProtected", "Failed to protect computer: {host}", "PROTECTION", "high", "", "protection", ("acknowledge",)),
    Kind("Event::Endpoint::OutOfDate", "Computer is out of date: {host}", "UPDATING", "low", "", "updating", ("acknowledge",)),
)
BY_TYPE = {kind.type: kind for kind in (*PLAIN, *ALERTING)}

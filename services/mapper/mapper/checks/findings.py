"""What speaks against launching, found in what would become of records. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from shared.api.base import Gap
from shared.api.checks import Finding
from shared.api.plans import PlanAction

MOST_IDS = 5
MOST_ROLES = 20


@dataclass(slots=True)
class Group:
    """Records that are alike in something."""

    records: int = 0
    source_ids: list[str] = field(default_factory=list)

    def add(self, source_id: str) -> None:
        """Count a record; the first few are named."""
        self.records += 1
        if len(self.source_ids) < MOST_IDS:
            self.source_ids.append(source_id)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why records would be rejected."""

    code: str
    field: str
    message: str
    remedy: str


@dataclass(slots=True)
class Seen:
    """What was seen in the records of a page or of a source."""

    actions: Mapping[PlanAction, int]
    rejected: dict[Reason, Group] = field(default_factory=dict)
    keyless: Group = field(default_factory=Group)
    """Records that would be let in without a value in any sync key."""
    never_filled: Sequence[str] = ()
    """Mapped fields that no record has a value for."""
    unknown_roles: Mapping[str, Group] = field(default_factory=dict)
    """Roles that nobody has yet, in an installation with people."""

    @property
    def records(self) -> int:
        """All records, those that are missing not among them: no page showed them."""
        return sum(count for action, count in self.actions.items() if action != "missing")


def findings_of(seen: Seen, gaps: Iterable[Gap]) -> list[Finding]:
    """Return what was found, what refuses first."""
    found = [*_of_gaps(gaps), *_of_rejections(seen), *_of_keys(seen), *_of_values(seen), *_of_the_whole(seen)]
    return sorted(found, key=lambda finding: (finding.severity != "refuses", -finding.records))


def _of_gaps(gaps: Iterable[Gap]) -> Iterator[Finding]:
    for gap in gaps:
        message = f"the mapping is not complete: {gap.message}"
        remedy = f"Complete it: {gap.remedy}"
        yield Finding(severity="refuses", code="mapping_incomplete", field=gap.field, message=message, remedy=remedy, records=0)


def _of_rejections(seen: Seen) -> Iterator[Finding]:
    """Tell why records would be rejected: all of them for one reason or another cannot work, some of them will hurt."""
    all_of_them = 0 < seen.records == sum(group.records for group in seen.rejected.values())
    for reason, group in seen.rejected.items():
        yield Finding(
            severity="refuses" if all_of_them else "warns",
            code=reason.code,
            field=reason.field,
            message=f"{group.records} of {seen.records} records would be rejected: {reason.message}",
            remedy=reason.remedy,
            records=group.records,
            source_ids=group.source_ids,
        )


def _of_keys(seen: Seen) -> Iterator[Finding]:
    if seen.keyless.records:
        yield Finding(
            severity="refuses" if seen.keyless.records == seen.records else "warns",
            code="sync_key_empty",
            field="sync_keys",
            message=f"{seen.keyless.records} of {seen.records} records have no value in any sync key: each would be a person of its own",
            remedy="Add a sync key that is never empty, or map it to a field of the source that is not.",
            records=seen.keyless.records,
            source_ids=seen.keyless.source_ids,
        )


def _of_values(seen: Seen) -> Iterator[Finding]:
    for key in seen.never_filled:
        yield Finding(
            severity="warns",
            code="never_filled",
            field=f"targets.{key}",
            message=f"none of {seen.records} records has a value for {key}",
            remedy="See whether its path is right; a key is found only as it is written.",
            records=seen.records,
        )
    for role, group in list(seen.unknown_roles.items())[:MOST_ROLES]:
        yield Finding(
            severity="warns",
            code="role_unknown",
            field="targets.role",
            message=f"{group.records} records would have the role {role!r}, which nobody has yet",
            remedy="If it is written otherwise here, translate it with the step map_values.",
            records=group.records,
            source_ids=group.source_ids,
        )


def _of_the_whole(seen: Seen) -> Iterator[Finding]:
    if seen.records == 0:
        message, remedy = (
            "the source showed no records",
            "See whether the credential may list them, and whether the inputs name the right place.",
        )
        yield Finding(severity="warns", code="no_records", field="source", message=message, remedy=remedy, records=0)
    elif seen.actions.get("skip") == seen.records:
        message = f"all {seen.records} records would be skipped, as the preference holds them back"
        remedy = "Choose another preference, or other sync keys."
        yield Finding(severity="warns", code="all_skipped", field="preference", message=message, remedy=remedy, records=seen.records)

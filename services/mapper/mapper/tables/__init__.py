"""What the mapper stores, one subject a file."""

from mapper.tables.assets import ASSETS
from mapper.tables.authority import FIELD_AUTHORITIES, KEPT_BY_HAND, LINK_ASSERTIONS
from mapper.tables.base import INBOX, METADATA, OUTBOX
from mapper.tables.bulk_edits import BULK_EDITS
from mapper.tables.fields import FIELD_OPTIONS, FIELDS
from mapper.tables.guard import GUARD_SCOPES, LOSSES, TOMBSTONES, WITHHELD
from mapper.tables.held_back import FILTERED, HELD_BACK
from mapper.tables.history import APPLIED_RUNS, COMPACTION, REVISIONS
from mapper.tables.links import LINKS, OBSERVATIONS
from mapper.tables.mappings import MAPPING_SAMPLES, MAPPING_USES, MAPPING_VERSIONS
from mapper.tables.matching import KEY_VALUES, MATCH_CANDIDATES, MATCH_CONFLICTS, MATCH_KEYS, MERGES, UNIQUE_VALUES
from mapper.tables.people import PEOPLE, PEOPLE_WORDS
from mapper.tables.plans import FORECASTS, PLAN_CLAIMS, PLAN_ITEMS, PLANS
from mapper.tables.software import APPLICATION_NAMES, APPLICATIONS, SAAS_INSTANCES, SAAS_ROLES, SAAS_USERS
from mapper.tables.undo import UNDO_ITEMS, UNDOS, UNMADE
from shared.db.migrate import Schema

__all__ = [
    "APPLICATIONS",
    "APPLICATION_NAMES",
    "APPLIED_RUNS",
    "ASSETS",
    "BULK_EDITS",
    "COMPACTION",
    "FIELDS",
    "FIELD_AUTHORITIES",
    "FIELD_OPTIONS",
    "FILTERED",
    "FORECASTS",
    "GUARD_SCOPES",
    "HELD_BACK",
    "INBOX",
    "KEPT_BY_HAND",
    "KEY_VALUES",
    "LINKS",
    "LINK_ASSERTIONS",
    "LOSSES",
    "MAPPING_SAMPLES",
    "MAPPING_USES",
    "MAPPING_VERSIONS",
    "MATCH_CANDIDATES",
    "MATCH_CONFLICTS",
    "MATCH_KEYS",
    "MERGES",
    "METADATA",
    "OBSERVATIONS",
    "OUTBOX",
    "PEOPLE",
    "PEOPLE_WORDS",
    "PLANS",
    "PLAN_CLAIMS",
    "PLAN_ITEMS",
    "REVISIONS",
    "SAAS_INSTANCES",
    "SAAS_ROLES",
    "SAAS_USERS",
    "SCHEMA",
    "TOMBSTONES",
    "UNDOS",
    "UNDO_ITEMS",
    "UNIQUE_VALUES",
    "UNMADE",
    "WITHHELD",
]

EXPRESSION_INDEXES = frozenset({"fx_people_email", "fx_people_full_name", "fx_saas_users_email", "fx_people_words_words"})
"""What lists are sorted and filtered by most, and what search looks at. Only migrations describe them, for each database its own way."""

SCHEMA = Schema(name="mapper", package="mapper", metadata=METADATA, expression_indexes=EXPRESSION_INDEXES)

"""What the mapper stores."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
    text,
)

from shared.db.migrate import Schema
from shared.db.naming import metadata
from shared.db.types import BigIdentity, Json, Timestamp
from shared.inbox import inbox_table
from shared.outbox import outbox_table


def of_some(column: str) -> dict[str, Any]:
    """Return what keeps an index to the rows that have a value: most have none, and shall not pay for it."""
    has_one = text(f"{column} IS NOT NULL")
    return {"sqlite_where": has_one, "postgresql_where": has_one}


METADATA: MetaData = metadata()
OUTBOX = outbox_table(METADATA)
INBOX = inbox_table(METADATA)

FIELDS = Table(
    "fields",
    METADATA,
    Column("object_type", String(20), primary_key=True),
    Column("key", String(63), primary_key=True),
    Column("label", String(200), nullable=False),
    Column("data_type", String(20), nullable=False),
    Column("is_unique", Boolean, nullable=False),
    Column("history", Boolean, nullable=False),
    Column("editable", Boolean, nullable=False),
    Column("mandatory", Boolean, nullable=False),
    Column("dropdown", String(10)),
    Column("default_value", Json),
    Column("help", String(1000)),
    Column("max_length", Integer),
    Column("whole", Boolean, nullable=False),
    # Counts up with each change: mappings that were compiled before are known by it.
    Column("revision", Integer, nullable=False),
    Column("created_at", Timestamp, nullable=False),
)

# What dropdowns offer; `folded` is how two of them are compared.
FIELD_OPTIONS = Table(
    "field_options",
    METADATA,
    Column("object_type", String(20), primary_key=True),
    Column("key", String(63), primary_key=True),
    Column("folded", String(1000), primary_key=True),
    Column("place", Integer, nullable=False),
    Column("value", String(256), nullable=False),
)

MAPPING_VERSIONS = Table(
    "mapping_versions",
    METADATA,
    Column("integration_id", Uuid, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("object_type", String(20), nullable=False),
    Column("targets", Json, nullable=False),
    Column("sync_keys", Json, nullable=False),
    Column("clears", Json, nullable=False),
    Column("restores_archived", Boolean, nullable=False),
    Column("filter", Json),
    Column("api_fields", Json, nullable=False),
    Column("author", String(200), nullable=False),
    Column("note", String(1000)),
    Column("restored_from", Integer),
    Column("created_at", Timestamp, nullable=False),
)

# Real records with what a mapping must make of them: no version that makes something else is stored.
MAPPING_SAMPLES = Table(
    "mapping_samples",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("integration_id", Uuid, nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("record", Json, nullable=False),
    Column("inputs", Json, nullable=False),
    Column("expected", Json, nullable=False),
    Column("author", String(200), nullable=False),
    Column("created_at", Timestamp, nullable=False),
    Column("changed_at", Timestamp, nullable=False),
)

# The version with which each integration's whole directory was last read, and with which its present run began: records that the filter
# of the one held back, and that of the other lets through, come because of the change, and not because of anything at the source.
MAPPING_USES = Table(
    "mapping_uses",
    METADATA,
    Column("integration_id", Uuid, primary_key=True),
    Column("settled_version", Integer),
    Column("run_id", Uuid, nullable=False),
    Column("run_version", Integer, nullable=False),
    # Whose records the integration reads: the user whom a device names is one of the same application.
    Column("application", String(200)),
    # What the last run said of where its records came from, and what was to be done with them.
    Column("provenance", Json),
)

# The first records that each run's filter held back, each with the conditions that it failed.
FILTERED = Table(
    "filtered",
    METADATA,
    Column("run_id", Uuid, primary_key=True),
    Column("page", Integer, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("integration_id", Uuid, nullable=False),
    Column("source_id", String(200), nullable=False),
    Column("mapping_version", Integer, nullable=False),
    Column("fetched_at", Timestamp, nullable=False),
    Column("reasons", Json, nullable=False),
    Column("kept_at", Timestamp, nullable=False, index=True),
)

# A record's values are one JSON object. `folded` holds them as rules and sorting see them, computed when they are written.
PEOPLE = Table(
    "people",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("revision", Integer, nullable=False),
    # Neither is listed by default, nor written by a source; of whom is anonymised, nothing personal is left.
    Column("archived_at", Timestamp),
    Column("anonymised_at", Timestamp),
    Column("fields", Json, nullable=False),
    Column("folded", Json, nullable=False),
    Column("created_at", Timestamp, nullable=False),
    Column("updated_at", Timestamp, nullable=False),
)

# The words of each person, for full-text search: PostgreSQL has an index on them, SQLite an FTS5 table that triggers keep in step.
PEOPLE_WORDS = Table(
    "people_words",
    METADATA,
    Column("position", BigIdentity, primary_key=True, autoincrement=True),
    Column("person_id", Uuid, ForeignKey("people.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("words", Text, nullable=False),
    sqlite_autoincrement=True,
)

# The software catalogue.
APPLICATIONS = Table(
    "applications",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("name_key", Text, nullable=False, unique=True),
    Column("category", String(200)),
    Column("publisher", String(200)),
    Column("url", String(1000)),
    Column("created_at", Timestamp, nullable=False),
    Column("updated_at", Timestamp, nullable=False),
)

# Every name that an entry has or had: providers know it by the name that it came with.
APPLICATION_NAMES = Table(
    "application_names",
    METADATA,
    Column("name_key", Text, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("application_id", Uuid, ForeignKey("applications.id", ondelete="CASCADE"), nullable=False, index=True),
)

SAAS_INSTANCES = Table(
    "saas_instances",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("application_id", Uuid, ForeignKey("applications.id", ondelete="RESTRICT"), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("name_key", Text, nullable=False, unique=True),
    Column("created_at", Timestamp, nullable=False),
)

# The roles that the users of an instance have: each once, with the id that the SaaS gives it, if it gives one.
SAAS_ROLES = Table(
    "saas_roles",
    METADATA,
    Column("saas_instance_id", Uuid, ForeignKey("saas_instances.id", ondelete="CASCADE"), primary_key=True),
    Column("key", String(1100), primary_key=True),
    Column("external_id", String(1024)),
    Column("label", String(1024), nullable=False),
    # How labels are compared.
    Column("label_key", Text, nullable=False),
)

SAAS_USERS = Table(
    "saas_users",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("person_id", Uuid, ForeignKey("people.id", ondelete="RESTRICT"), nullable=False),
    Column("saas_instance_id", Uuid, ForeignKey("saas_instances.id", ondelete="RESTRICT"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("fields", Json, nullable=False),
    Column("folded", Json, nullable=False),
    Column("created_at", Timestamp, nullable=False),
    Column("updated_at", Timestamp, nullable=False),
    Index("uq_saas_users_person_id_saas_instance_id", "person_id", "saas_instance_id", unique=True),
    Index("ix_saas_users_saas_instance_id_id", "saas_instance_id", "id"),
)

# Devices: each belongs to the person whom its source names, as soon as that person is known.
ASSETS = Table(
    "assets",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("person_id", Uuid, ForeignKey("people.id", ondelete="SET NULL"), index=True),
    Column("revision", Integer, nullable=False),
    Column("fields", Json, nullable=False),
    Column("folded", Json, nullable=False),
    Column("created_at", Timestamp, nullable=False),
    Column("updated_at", Timestamp, nullable=False),
)

# Who holds which value of a unique field: the database, not a look before the write, keeps two from having one.
# Keys begin with what tells rows apart. Were it the field, or the integration below, PostgreSQL would look for a page's values by
# that alone while the table is too new for statistics: it would read all of a directory again for each of its pages.
UNIQUE_VALUES = Table(
    "unique_values",
    METADATA,
    Column("value", String(1000), primary_key=True),
    Column("field", String(63), primary_key=True),
    Column("object_type", String(20), primary_key=True),
    Column("record_id", Uuid, nullable=False, index=True),
)

# Sync keys that are no plain unique field: several fields together, or one that is compared its own way.
MATCH_KEYS = Table(
    "match_keys",
    METADATA,
    Column("name", String(63), primary_key=True),
    Column("object_type", String(20), nullable=False),
    Column("parts", Json, nullable=False),
    Column("created_at", Timestamp, nullable=False),
)

# Who has which value of those keys. Several may: whoever knows of another holder has `shared` filled with their own id. Whoever found
# nobody has it empty, and of these the database takes one: two who look at the same time cannot both be the first.
KEY_VALUES = Table(
    "key_values",
    METADATA,
    Column("value", String(1000), primary_key=True),
    Column("key", String(63), primary_key=True),
    Column("shared", String(32), primary_key=True),
    Column("record_id", Uuid, nullable=False, index=True),
)

# Records of a source whose sync keys name somebody of whom it is not certain that they are meant, and what a person decided on them.
MATCH_CONFLICTS = Table(
    "match_conflicts",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("source_id", String(200), nullable=False),
    Column("integration_id", Uuid, nullable=False),
    Column("object_type", String(20), nullable=False),
    Column("state", String(10), nullable=False),
    Column("message", Text, nullable=False),
    # Raw, and kept only while it is open.
    Column("record", Json),
    Column("run_id", Uuid, nullable=False),
    Column("page", Integer, nullable=False),
    Column("mapping_version", Integer, nullable=False),
    Column("since", Timestamp, nullable=False),
    Column("decision", String(10)),
    Column("chosen_id", Uuid, index=True),
    Column("note", String(1000)),
    Column("decided_by", String(200)),
    Column("decided_at", Timestamp),
    CheckConstraint("state IN ('open', 'settled')", name="state"),
    CheckConstraint("decision IN ('choose', 'create', 'ignore')", name="decision"),
    Index("uq_match_conflicts_source_id_integration_id", "source_id", "integration_id", unique=True),
    Index("ix_match_conflicts_integration_id_state", "integration_id", "state"),
)

# Whom the record of a conflict may belong to. `sole`: a unique field of theirs names them, so that no new record can have its value.
MATCH_CANDIDATES = Table(
    "match_candidates",
    METADATA,
    Column("conflict_id", Uuid, ForeignKey("match_conflicts.id", ondelete="CASCADE"), primary_key=True),
    Column("record_id", Uuid, primary_key=True, index=True),
    Column("place", Integer, nullable=False),
    Column("keys", Json, nullable=False),
    Column("sole", Boolean, nullable=False),
)

# People who were merged: whom an id leads to, and what both were before, so that they can be two again.
MERGES = Table(
    "merges",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("kept_id", Uuid, nullable=False, index=True),
    Column("merged_id", Uuid, nullable=False, index=True),
    Column("state", String(10), nullable=False),
    Column("note", String(1000)),
    Column("at", Timestamp, nullable=False),
    Column("by", String(200), nullable=False),
    # Empty once it is taken back, or one of them is anonymised: then it cannot be.
    Column("before", Json),
    # Between which revisions of the one who stays both were one.
    Column("first_revision", Integer, nullable=False),
    Column("last_revision", Integer),
    Column("unmerged_at", Timestamp),
    Column("unmerged_by", String(200)),
    CheckConstraint("state IN ('merged', 'unmerged')", name="state"),
)

# What one integration calls a record, and what it last said of it. A run touches every row, so the columns that it changes have no index.
LINKS = Table(
    "links",
    METADATA,
    Column("source_id", String(200), primary_key=True),
    Column("integration_id", Uuid, primary_key=True),
    Column("person_id", Uuid, ForeignKey("people.id", ondelete="CASCADE"), index=True),
    Column("saas_user_id", Uuid, ForeignKey("saas_users.id", ondelete="SET NULL"), index=True),
    # A device has an asset instead of a person, and may name its user by the id that the source has for them.
    Column("asset_id", Uuid, ForeignKey("assets.id", ondelete="CASCADE")),
    Column("assigned_source_id", String(200)),
    Column("content_hash", String(64), nullable=False),
    Column("last_run_id", Uuid, nullable=False),
    Column("last_observed_at", Timestamp, nullable=False),
    Column("first_observed_at", Timestamp, nullable=False),
    Column("first_seen", Json, nullable=False),
    Column("missing_since", Timestamp),
    Column("deleted_at", Timestamp),
    # The part of the source, such as a tenant, in which it was observed last.
    Column("part", String(200), nullable=False, default="", server_default=text("''")),
    # A run writes the part that stands there already, which costs the index nothing.
    Index("ix_links_part_integration_id", "part", "integration_id"),
    CheckConstraint("person_id IS NOT NULL OR asset_id IS NOT NULL", name="of_somebody"),
    Index("ix_links_asset_id", "asset_id", **of_some("asset_id")),
    Index("ix_links_assigned_source_id", "assigned_source_id", **of_some("assigned_source_id")),
)

# Who wins for a field (`key`), or what becomes of hand edits of a whole object type (the key `*`). Rows are emptied, and never removed:
# each change counts up, and what was settled before is known by it.
FIELD_AUTHORITIES = Table(
    "field_authorities",
    METADATA,
    Column("object_type", String(20), primary_key=True),
    Column("key", String(63), primary_key=True),
    Column("sources", Json, nullable=False),
    Column("hand", String(10)),
    Column("revision", Integer, nullable=False),
    Column("changed_at", Timestamp, nullable=False),
    Column("changed_by", String(200), nullable=False),
    CheckConstraint("hand IN ('keep', 'overwrite')", name="hand"),
)

# What each record of a source says of the fields for which somebody said who wins: of all others nothing is kept.
LINK_ASSERTIONS = Table(
    "link_assertions",
    METADATA,
    Column("source_id", String(200), primary_key=True),
    Column("integration_id", Uuid, primary_key=True),
    Column("says", Json, nullable=False),
    # With which state of the orders it was settled last; 0: it is to be settled again.
    Column("revision", Integer, nullable=False),
    ForeignKeyConstraint(["source_id", "integration_id"], ["links.source_id", "links.integration_id"], ondelete="CASCADE"),
)

# Hand edits that are kept until the field is given back to its sources.
KEPT_BY_HAND = Table(
    "kept_by_hand",
    METADATA,
    Column("record_id", Uuid, primary_key=True),
    Column("key", String(63), primary_key=True),
    Column("record_type", String(20), nullable=False),
    Column("value", Json),
    Column("by", String(200), nullable=False),
    Column("at", Timestamp, nullable=False),
    Index("ix_kept_by_hand_record_type_key_record_id", "record_type", "key", "record_id"),
)

REVISIONS = Table(
    "revisions",
    METADATA,
    Column("position", BigIdentity, primary_key=True, autoincrement=True),
    Column("record_type", String(20), nullable=False),
    Column("record_id", Uuid, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("kind", String(30), nullable=False),
    Column("at", Timestamp, nullable=False),
    Column("changes", Json, nullable=False),
    Column("cause", Json, nullable=False),
    Column("proof", Json),
    Column("correlation_id", Uuid, nullable=False),
    # What no field shows and an undo or a question for the reason needs: the link before and after, raw values, a removed row.
    Column("origin", Json),
    # Of one that stands for several of its record: when the first of them was.
    Column("melted_from", Timestamp),
    Index("uq_revisions_record_type_record_id_revision", "record_type", "record_id", "revision", unique=True),
    sqlite_autoincrement=True,
)

# What a source said last of each record that is linked, or held back by more than the filter: `content` is the raw JSON.
# `held_with`: of who is held back, the configuration that did it.
OBSERVATIONS = Table(
    "observations",
    METADATA,
    Column("source_id", String(200), primary_key=True),
    Column("integration_id", Uuid, primary_key=True),
    Column("content", Text, nullable=False),
    Column("digest", String(32), nullable=False),
    Column("held_with", String(100)),
    Column("observed_at", Timestamp, nullable=False),
)

# What runs wrote with: one row for each run and version of the mapping, and between which revisions what they wrote is found.
APPLIED_RUNS = Table(
    "applied_runs",
    METADATA,
    Column("run_id", Uuid, primary_key=True),
    Column("mapping_version", Integer, primary_key=True),
    Column("integration_id", Uuid, nullable=False),
    Column("integration_name", String(200), nullable=False),
    Column("provider", String(200), nullable=False),
    Column("first_at", Timestamp, nullable=False),
    Column("first_position", BigInteger, nullable=False),
    Column("last_position", BigInteger, nullable=False),
)

# How far the history has been compacted: one row.
COMPACTION = Table(
    "compaction",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("until", Timestamp, nullable=False),
)

# Records of a source that are not written, each with the reason that it had last. Gone as soon as one is written.
HELD_BACK = Table(
    "held_back",
    METADATA,
    Column("source_id", String(200), primary_key=True),
    Column("integration_id", Uuid, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("code", String(60), nullable=False),
    Column("reason", Json, nullable=False),
    Column("run_id", Uuid, nullable=False),
    Column("page", Integer, nullable=False),
    Column("mapping_version", Integer, nullable=False),
    Column("since", Timestamp, nullable=False),
    CheckConstraint("kind IN ('rejected', 'preference', 'put_away', 'conflict', 'ignored')", name="kind"),
    Index("ix_held_back_integration_id", "integration_id"),
)

# Undos, planned or made. What one undoes is a run, or another undo; `root_run_id` is the run that all of them go back to.
UNDOS = Table(
    "undos",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("root_run_id", Uuid, nullable=False, index=True),
    Column("undoes", Uuid, nullable=False),
    Column("undoes_kind", String(10), nullable=False),
    Column("integration_id", Uuid, nullable=False),
    Column("integration_name", String(200), nullable=False),
    Column("applies", Boolean, nullable=False),
    Column("state", String(20), nullable=False),
    # How far it has come: in the revisions while it collects, then among the people.
    Column("position", BigInteger, nullable=False),
    Column("person_cursor", Uuid),
    Column("first_position", BigInteger, nullable=False),
    Column("last_position", BigInteger, nullable=False),
    # Where its own revisions are found.
    Column("own_first", BigInteger),
    Column("own_last", BigInteger),
    Column("crossed", Json, nullable=False),
    Column("asked_by", String(200), nullable=False),
    Column("asked_at", Timestamp, nullable=False),
    Column("ended_at", Timestamp),
    CheckConstraint("undoes_kind IN ('run', 'undo')", name="undoes_kind"),
    CheckConstraint("state IN ('collecting', 'judging', 'weighing', 'planned', 'applying', 'done')", name="state"),
)

# One row for each record that an undo is about. `person_id` keeps a person and their SaaS users together.
UNDO_ITEMS = Table(
    "undo_items",
    METADATA,
    Column("undo_id", Uuid, primary_key=True),
    Column("record_id", Uuid, primary_key=True),
    Column("record_type", String(20), nullable=False),
    Column("person_id", Uuid),
    Column("scope", String(60)),
    Column("action", String(20)),
    Column("fields", Json, nullable=False),
    Column("conflicts", Json, nullable=False),
    Column("conflicted", Boolean, nullable=False),
    Column("outcome", String(20)),
    CheckConstraint("action IN ('put_back', 'remove', 'bring_back', 'keep', 'nothing')", name="action"),
    CheckConstraint("outcome IN ('applied', 'kept', 'withheld', 'nothing')", name="outcome"),
    Index("ix_undo_items_undo_id_person_id", "undo_id", "person_id"),
)

# Ids of a source whose records an undo removed: they come again with the next run, and quietly, as if nobody had been there before.
UNMADE = Table(
    "unmade",
    METADATA,
    Column("source_id", String(200), primary_key=True),
    Column("integration_id", Uuid, primary_key=True, index=True),
    Column("undo_id", Uuid, nullable=False),
)

# Who was deleted at a source: known for ever, also when the records are kept no longer, so no column refers to them.
TOMBSTONES = Table(
    "tombstones",
    METADATA,
    Column("source_id", String(200), primary_key=True),
    Column("integration_id", Uuid, primary_key=True),
    Column("email_key", String(1000)),
    Column("person_id", Uuid, nullable=False),
    Column("saas_user_id", Uuid, nullable=False),
    Column("deleted_at", Timestamp, nullable=False),
    Column("cause", Json, nullable=False),
    Column("returned_at", Timestamp),
    Column("returned_as", String(200)),
    Index("ix_tombstones_email_key_integration_id", "email_key", "integration_id"),
)

# Losses of records, as they were let through: what the guard counts. A person's hand that let one through (`released`) answers for it.
LOSSES = Table(
    "losses",
    METADATA,
    Column("record_id", Uuid, primary_key=True),
    Column("kind", String(30), primary_key=True),
    Column("key", String(100), primary_key=True),
    Column("scope", String(60), nullable=False),
    Column("record_type", String(20), nullable=False),
    Column("at", Timestamp, nullable=False),
    Column("released", Boolean, nullable=False),
    Column("cause", Json, nullable=False),
    Index("ix_losses_scope_at", "scope", "at"),
)

# One row for each scope in which losses are counted together. Whoever weighs losses holds it: two must not both pass just under the limit.
GUARD_SCOPES = Table(
    "guard_scopes",
    METADATA,
    Column("scope", String(60), primary_key=True),
    # How often its tray went from empty to not, when it did last, and the last one that was told to be empty again.
    Column("trays", Integer, nullable=False, default=0, server_default=text("0")),
    Column("emptied", Integer, nullable=False, default=0, server_default=text("0")),
    Column("opened_at", Timestamp),
)

# The tray: losses that would have crossed a limit, each with its evidence. Nothing about the record changes while one is held.
WITHHELD = Table(
    "withheld",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("scope", String(60), nullable=False),
    Column("saas_instance_id", Uuid),
    Column("integration_id", Uuid),
    Column("record_type", String(20), nullable=False),
    Column("record_id", Uuid, nullable=False),
    Column("kind", String(30), nullable=False),
    Column("key", String(100), nullable=False),
    Column("source_id", String(200)),
    Column("proof", Json),
    Column("proven_at", Timestamp),
    Column("rule", Json),
    Column("cause", Json, nullable=False),
    Column("crossed", Json, nullable=False),
    Column("state", String(20), nullable=False),
    Column("held_at", Timestamp, nullable=False),
    Column("seen_at", Timestamp, nullable=False),
    Column("decided_at", Timestamp),
    Column("decided_by", String(200)),
    Column("used_at", Timestamp),
    CheckConstraint("state IN ('held', 'released', 'discarded', 'moot')", name="state"),
    Index("ix_withheld_scope_state", "scope", "state"),
    Index("ix_withheld_record_id_state", "record_id", "state"),
    Index("ix_withheld_source_id_state", "source_id", "state"),
)

# What runs have planned or staged, and how far those that write have got: one row for each run that has something to remember.
PLANS = Table(
    "plans",
    METADATA,
    Column("run_id", Uuid, primary_key=True),
    Column("integration_id", Uuid, nullable=False),
    Column("mapping_version", Integer, nullable=False),
    # A run that only plans stages all its pages; one that writes stages them from the one on that rewrites too much.
    Column("staging", Boolean, nullable=False),
    Column("existing", Integer, nullable=False),
    Column("updated", Integer, nullable=False),
    Column("planned_at", Timestamp, nullable=False, index=True),
)

PLAN_ITEMS = Table(
    "plan_items",
    METADATA,
    Column("run_id", Uuid, primary_key=True),
    Column("page", Integer, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("source_id", String(200), nullable=False),
    Column("action", String(20), nullable=False),
    Column("person_id", Uuid),
    Column("saas_user_id", Uuid),
    Column("asset_id", Uuid),
    Column("changes", Json, nullable=False),
    Column("problem", Json),
    Column("proof", Json),
    Column("record", Json),
    # What the decision rests on; a record without one has nothing to apply.
    Column("fingerprint", String(64)),
    Column("fetched_at", Timestamp, nullable=False),
    Column("outcome", String(20)),
    CheckConstraint("action IN ('create', 'update', 'unchanged', 'skip', 'filter', 'reject', 'missing')", name="action"),
    CheckConstraint("outcome IN ('applied', 'moved', 'failed')", name="outcome"),
    Index("ix_plan_items_run_id_source_id", "run_id", "source_id"),
)

# Unique values that planned pages take (`record_id`: a person or an asset) or give up (none): later pages of the same plan must see them.
PLAN_CLAIMS = Table(
    "plan_claims",
    METADATA,
    Column("run_id", Uuid, primary_key=True),
    Column("value", String(1000), primary_key=True),
    Column("field", String(63), primary_key=True),
    Column("record_id", Uuid),
    Column("source_id", String(200), nullable=False),
)

# Forecasts: plans over what was observed last, with a configuration that is thought of. Their records are in `plan_items`.
FORECASTS = Table(
    "forecasts",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("integration_id", Uuid, nullable=False),
    # What it is about: the configuration, and the version, run and fields that there were.
    Column("content", String(64), nullable=False),
    Column("asked", Json, nullable=False),
    Column("base_version", Integer, nullable=False),
    Column("run_id", Uuid),
    Column("fields_revision", Integer, nullable=False),
    # How far it has come: among the observations, then among the plan's items.
    Column("state", String(20), nullable=False),
    Column("source_cursor", String(200), nullable=False),
    Column("item_cursor", Json, nullable=False),
    Column("records", Integer, nullable=False),
    Column("seen", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
    Column("fields", Json, nullable=False),
    Column("workflows", Json, nullable=False),
    Column("notes", Json, nullable=False),
    Column("asked_by", String(200), nullable=False),
    Column("asked_at", Timestamp, nullable=False, index=True),
    Column("ended_at", Timestamp),
    CheckConstraint("state IN ('counting', 'asking', 'done')", name="state"),
)

# Bulk edits: what somebody looked at, so that exactly this is applied. No record's values are kept here but those that were sent.
BULK_EDITS = Table(
    "bulk_edits",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("object_type", String(20), nullable=False),
    Column("rule", Json),
    Column("search", Text),
    Column("change", Json, nullable=False),
    Column("state", String(20), nullable=False),
    Column("matched", Integer, nullable=False),
    Column("changing", Integer, nullable=False),
    Column("losses", Integer, nullable=False),
    # Which records there were, each in which revision.
    Column("fingerprint", String(64), nullable=False),
    Column("idempotency_key", String(200), unique=True),
    Column("created_at", Timestamp, nullable=False, index=True),
    Column("created_by", String(200), nullable=False),
    Column("applied_at", Timestamp),
    Column("applied_by", String(200)),
    Column("changed", Integer),
    Column("withheld", Integer),
    CheckConstraint("state IN ('previewed', 'applied')", name="state"),
)

EXPRESSION_INDEXES = frozenset({"fx_people_email", "fx_people_full_name", "fx_saas_users_email", "fx_people_words_words"})
"""What lists are sorted and filtered by most, and what search looks at. Only migrations describe them, for each database its own way."""

SCHEMA = Schema(name="mapper", package="mapper", metadata=METADATA, expression_indexes=EXPRESSION_INDEXES)

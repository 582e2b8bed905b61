"""Alembic's entry: the work is shared."""

from shared.db.migrate import run_env

run_env()

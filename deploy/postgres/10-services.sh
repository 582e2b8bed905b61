#!/bin/bash
# One role and one schema per service: each may touch its own tables and no others.
set -euo pipefail

database=${POSTGRES_DB:-$POSTGRES_USER}
for service in CONNECTOR MAPPER WORKFLOW_ENGINE API_GATEWAY; do
  variable="${service}_DATABASE_PASSWORD"
  psql -q -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$database" \
    -v role="${service,,}" -v password="${!variable:?set $variable}" -v database="$database" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'password';
GRANT CONNECT ON DATABASE :"database" TO :"role";
CREATE SCHEMA :"role" AUTHORIZATION :"role";
SQL
done
psql -q -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$database" -v database="$database" <<'SQL'
REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE CONNECT, TEMPORARY ON DATABASE :"database" FROM PUBLIC;
SQL

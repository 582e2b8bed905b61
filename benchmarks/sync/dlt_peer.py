"""The baseline: dlt's rest_api source into PostgreSQL or SQLite with write disposition merge. Run by an interpreter that has dlt.

Arguments: the page URL's base, the bearer token, the tenant id, the database's URL, a working directory.
"""

import sys

import dlt
from dlt.sources.rest_api import rest_api_source


def main(base_url: str, token: str, tenant_id: str, database_url: str, directory: str) -> None:
    """Load every user once."""
    source = rest_api_source(
        {
            "client": {
                "base_url": base_url,
                "headers": {"Authorization": f"Bearer {token}", "X-Tenant-ID": tenant_id},
                "paginator": {
                    "type": "page_number",
                    "base_page": 1,
                    "page_param": "page",
                    "total_path": None,
                    "stop_after_empty_page": True,
                },
            },
            "resources": [
                {
                    "name": "users",
                    "primary_key": "id",
                    "write_disposition": "merge",
                    "endpoint": {
                        "path": "common/v1/directory/users",
                        "params": {"pageSize": 100, "sort": "id:asc"},
                        "data_selector": "items",
                    },
                },
            ],
        },
    )
    if database_url.startswith("sqlite:"):
        # By default it creates no index on SQLite, and what a merge deletes and inserts anew then takes time with the square of the users.
        destination = dlt.destinations.sqlalchemy(database_url, create_unique_indexes=True, create_primary_keys=True)
    else:
        destination = dlt.destinations.postgres(database_url)
    pipeline = dlt.pipeline("users", destination=destination, dataset_name="peer", pipelines_dir=directory, progress=None)
    pipeline.run(source)


if __name__ == "__main__":
    main(*sys.argv[1:6])

"""Read a whole list with Sophos' own connector, unchanged, and print how many rows it found. Run by the tests, in an environment apart."""

import sys

from sophos_central_api_connector import sophos_central_api_auth as auth
from sophos_central_api_connector import sophos_central_api_get_data as reading

url, client_id, client_secret, path, api, size = sys.argv[1:]
token = auth.get_bearer_tok(client_id, client_secret, f"{url}/api/v2/oauth2/token")
headers = auth.validate_id_headers(token)
tenant_id, _kind, whoami = auth.get_whoami_data(headers, f"{url}/whoami/v1")
whole = f"{whoami['apiHosts']['dataRegion']}{path}"
first = f"{whole}{'&' if '?' in whole else '?'}pageSize={size}"
asked = {"orig_url": whole, "pageurl": first, "headers": {**headers, "X-Tenant-ID": tenant_id}}
found = reading.get_data({tenant_id: asked}, int(size), tenant_id, api)
sys.stdout.write(f"{len({row['id'] for row in found.values()})}\n")

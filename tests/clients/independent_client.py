"""Read a whole list with the package sophoscentral, unchanged, and print how many rows it found. Run by the tests."""

import sys
import time

from sophoscentral import SCentralConnection

url, client_id, client_secret, tenant_id, path = sys.argv[1:]
SCentralConnection.BASE_URL = SCentralConnection.AUTH_URL = SCentralConnection.API_HOST = url
time.sleep = lambda _seconds: None  # it rests two seconds before each page
client = SCentralConnection(client_id, client_secret)
found = client.get(f"{url}{path}", extra_headers={"X-Tenant-ID": tenant_id})
sys.stdout.write(f"found {len({row['id'] for row in found})}\n")

"""What the provider `rest-users` is and what its settings may be."""

from connector.sources.rest.description import PAGINGS, REQUESTS_PER_MINUTE
from shared.api.sources import InputField, ProviderOut, SourceField

KEY = "rest-users"
CREDENTIAL_KINDS = ["basic", "api_key", "oauth2_client_credentials", "aws_sigv4", "session", "mutual_tls"]

INPUTS = [
    InputField(
        key="url",
        label="URL",
        data_type="url",
        description="The address of the list of users. It is shown to everybody: keys belong into the credential, and are refused here.",
    ),
    InputField(
        key="paging",
        label="Paging",
        data_type="choice",
        choices=list(PAGINGS),
        default="none",
        description="How the list goes on: not at all, by page number, by offset, by a cursor in the answer, or by a Link header.",
    ),
    InputField(
        key="page_parameter",
        label="Page parameter",
        required=False,
        description="The query parameter that takes the page, offset or cursor. Usually page, offset or cursor.",
    ),
    InputField(
        key="first_page",
        label="First page",
        data_type="integer",
        minimum=0,
        maximum=1,
        default="1",
        description="The number of the first page.",
    ),
    InputField(
        key="size_parameter",
        label="Size parameter",
        required=False,
        description="The query parameter that takes the number of users asked for.",
    ),
    InputField(
        key="page_size",
        label="Page size",
        data_type="integer",
        minimum=1,
        maximum=1000,
        default="100",
        description="Users asked for at once.",
    ),
    InputField(
        key="records_path",
        label="Records path",
        required=False,
        description="Where the list of users is in an answer, such as data.users. Nothing: the answer itself is the list.",
    ),
    InputField(key="id_path", label="Id path", default="id", description="Where a user's id is in a record. Ids must not change."),
    InputField(
        key="cursor_path",
        label="Cursor path",
        required=False,
        description="Where the next cursor is in an answer, such as meta.next_cursor.",
    ),
    InputField(
        key="user_url",
        label="URL of one user",
        data_type="url",
        required=False,
        description="Where one user is asked for, with {id} in its path. Without it nobody can be proven absent, or called missing.",
    ),
    InputField(
        key="requests_per_minute",
        label="Requests per minute",
        data_type="integer",
        minimum=1,
        maximum=60_000,
        default=str(REQUESTS_PER_MINUTE),
        description="The most requests in any minute, counted for the host, over all integrations that read it.",
    ),
]

MANIFEST = ProviderOut(
    key=KEY,
    name="Users of a REST API",
    application="REST API",
    description="Reads the users of any JSON API over HTTPS: address, paging and paths are settings, no code.",
    typed_addresses=True,
    credential_kinds=CREDENTIAL_KINDS,
    inputs=INPUTS,
    source_fields=[
        SourceField(key="id", label="ID", path=["id"], data_type="text"),
        SourceField(key="name", label="Full name", path=["name"], data_type="text"),
        SourceField(key="email", label="Email", path=["email"], data_type="text"),
    ],
    presets=[],
)

"""The provider `file-users`: what it is and what its settings may be."""

from shared.api.sources import InputField, ProviderOut

ID_COLUMN, ABSENCE = "id_column", "absence"
KEPT, MISSING = "kept", "missing"

MANIFEST = ProviderOut(
    key="file-users",
    name="Users of a file",
    application="File",
    description="Reads people from a CSV file or an XLSX workbook that is uploaded to the integration.",
    uploads=True,
    credential_kinds=[],
    inputs=[
        InputField(
            key=ID_COLUMN,
            label="Id column",
            description="The name of the column that holds each row's own id, such as a personnel number. Ids must be unique, and must not "
            "change from file to file: by them a row is known again.",
            example="Employee ID",
        ),
        InputField(
            key=ABSENCE,
            label="Who is not in the file",
            data_type="choice",
            choices=[KEPT, MISSING],
            default=KEPT,
            description="kept: the file adds and changes, and says nothing of others. missing: the file is everybody; who was in an "
            "earlier one and is not in this one is missing, and losses beyond the guard's limit wait for somebody.",
        ),
    ],
    # Its columns are those of the file: previews and smart mapping read them there.
    source_fields=[],
    presets=[],
)

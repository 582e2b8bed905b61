"""Exports of lists through the whole of the services."""

import csv
import io
import re
import zipfile

from tests.support.public_api import Api

PEOPLE = 503


async def filled(api: Api, count: int = PEOPLE) -> None:
    """Add people with names that somebody thought of to do harm."""
    for number in range(count):
        fields = {
            "username": f"u{number}",
            "email": f"u{number:05d}@example.com",
            "role": "Employee",
            "full_name": f'=HYPERLINK("x{number}")',
        }
        await api.made("/people", {"fields": fields})


async def test_a_list_longer_than_a_page_is_exported_whole_and_harmless(api: Api) -> None:
    """Everybody once, in order; no cell is a formula, in neither format; and the audit knows who took it."""
    await filled(api)
    wanted = {"sort": "-email", "fields": ["email", "full_name", "last_name"]}
    answer = await api.call("POST", "/exports", wanted)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="people.csv"'
    rows = list(csv.reader(io.StringIO(answer.text, newline="")))
    assert rows[0] == ["id", "Email", "Full name", "Last name"]
    assert [row[1] for row in rows[1:]] == [f"u{number:05d}@example.com" for number in range(PEOPLE - 1, -1, -1)]
    assert rows[1][2:] == [f'\'=HYPERLINK("x{PEOPLE - 1}")', ""]

    answer = await api.call("POST", "/exports", {**wanted, "format": "xlsx", "headings": "keys"})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        styles = book.read("xl/styles.xml").decode()
    assert "<f>" not in sheet
    assert sheet.count("<row ") == PEOPLE + 1
    assert re.findall(r"<t[^>]*>(.*?)</t>", sheet)[:4] == ["id", "email", "full_name", "last_name"]
    assert "=HYPERLINK(&quot;x7&quot;)" in sheet or '=HYPERLINK("x7")' in sheet
    assert 'quotePrefix="1"' in styles

    view = await api.made("/views", {"name": "Seven", "rule": {"field": "email", "operator": "begins_with", "value": "u00007"}})
    answer = await api.call("POST", f"/views/{view['id']}/exports", {"format": "csv"})
    assert len(answer.text.splitlines()) == 2
    audited = (await api.call("GET", "/audit")).json()["items"]
    assert [entry["route"] for entry in audited if "exports" in entry["route"]] == [
        "/api/v1/views/{view_id}/exports",
        "/api/v1/exports",
        "/api/v1/exports",
    ]


async def test_every_type_of_record_can_be_exported(api: Api) -> None:
    """An inventory of devices is asked for as often as a list of people."""
    for object_type, name in (("person", "people"), ("saas_user", "saas-users"), ("asset", "assets")):
        for kind in ("csv", "xlsx"):
            answer = await api.call("POST", "/exports", {"object_type": object_type, "format": kind})
            assert (answer.status_code, answer.headers["content-disposition"]) == (200, f'attachment; filename="{name}.{kind}"')


async def test_a_list_that_is_wrong_is_refused_before_a_file_begins(api: Api) -> None:
    """Half a file with an error in its last line would be taken for a whole one."""
    for wrong, code, field in (
        ({"rule": {"field": "emial", "operator": "is_empty"}}, "bad_rule", "rule.field"),
        ({"sort": "synced_at"}, "not_listable", "sort.synced_at"),
        ({"fields": ["emial"]}, "unknown_field", "fields.emial"),
        ({"object_type": "saas_user", "search": "ada"}, "not_listable", "search"),
        ({"object_type": "asset", "search": "ada"}, "not_listable", "search"),
    ):
        answer = await api.call("POST", "/exports", wrong)
        assert (answer.status_code, answer.json()["code"], answer.json()["fields"][0]["field"]) == (422, code, field)
    account = await api.made("/accounts", {"name": "Vera", "kind": "person", "role": "viewer"})
    viewer = (await api.made(f"/accounts/{account['id']}/tokens", {}))["token"]
    assert (await api.call("POST", "/exports", {}, token=viewer)).status_code == 403

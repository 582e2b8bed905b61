"""The labelled shapes: those that the scoring was made with, and those that were written after it was done and never tuned on."""

from benchmarks.smart_mapping.shape import Shape
from benchmarks.smart_mapping.shapes import (
    bamboohr,
    crowdstrike,
    dropbox,
    duo,
    entra,
    french_hr,
    german_hr,
    github,
    gitlab,
    google,
    intune,
    jamf,
    jira,
    jumpcloud,
    kandji,
    okta,
    personio,
    salesforce,
    scim,
    sentinelone,
    slack,
    sophos_endpoints,
    sophos_users,
    zoom,
)

MADE_WITH: tuple[Shape, ...] = tuple(
    module.SHAPE
    for module in (
        okta,
        entra,
        google,
        slack,
        crowdstrike,
        sentinelone,
        jamf,
        intune,
        zoom,
        salesforce,
        github,
        sophos_users,
        sophos_endpoints,
        german_hr,
        jumpcloud,
        bamboohr,
        gitlab,
        jira,
        personio,
        scim,
        dropbox,
        duo,
        kandji,
        french_hr,
    )
)
HELD_OUT: tuple[Shape, ...] = ()

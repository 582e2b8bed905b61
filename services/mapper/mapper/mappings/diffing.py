"""What two versions of a mapping do not have in common. Pure."""

from shared.api.mappings import ApiFieldDiff, MappingDiff, MappingOut, TargetDiff


def diff(before: MappingOut, after: MappingOut) -> MappingDiff:
    """Return the differences from one version to another, in the order in which the later one maps."""
    fields = dict.fromkeys((*after.targets, *before.targets))
    paths_before = {field.label: field.path for field in before.api_fields}
    paths_after = {field.label: field.path for field in after.api_fields}
    labels = dict.fromkeys((*paths_after, *paths_before))
    return MappingDiff(
        integration_id=after.integration_id,
        from_version=before.version,
        to_version=after.version,
        targets=[
            TargetDiff(field=field, before=before.targets.get(field), after=after.targets.get(field))
            for field in fields
            if before.targets.get(field) != after.targets.get(field)
        ],
        sync_keys=None if before.sync_keys == after.sync_keys else (before.sync_keys, after.sync_keys),
        clears=None if before.clears == after.clears else (before.clears, after.clears),
        restores_archived=None
        if before.restores_archived == after.restores_archived
        else (before.restores_archived, after.restores_archived),
        filter=None if before.filter == after.filter else (before.filter, after.filter),
        api_fields=[
            ApiFieldDiff(label=label, before=paths_before.get(label), after=paths_after.get(label))
            for label in labels
            if paths_before.get(label) != paths_after.get(label)
        ],
    )

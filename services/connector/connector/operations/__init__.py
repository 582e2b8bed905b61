"""Operations: single calls to a source on behalf of a workflow, never done twice for one key."""

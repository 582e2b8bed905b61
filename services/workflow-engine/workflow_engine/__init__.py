"""The workflow engine: consumes record changes and runs versioned workflows."""

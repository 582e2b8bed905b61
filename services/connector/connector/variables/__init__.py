"""Global variables: named values that integrations and blocks refer to."""

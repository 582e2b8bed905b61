"""Why a field has its value, and why a record of a source is not there."""

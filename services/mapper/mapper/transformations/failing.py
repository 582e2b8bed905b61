"""How a transformation fails: always like this, whatever a record holds."""


class StepFailed(ValueError):
    """A value cannot be transformed; the text says why, without the value."""

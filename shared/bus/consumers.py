"""Every consumer there is, by its name on the bus: a broker does not list them, and no service knows the others'."""

CONSUMERS = (
    "connector.syncs",
    "mapper.requests",
    "mapper.sync",
    "workflow-engine.answers",
    "workflow-engine.records",
    "workflow-engine.steps",
)

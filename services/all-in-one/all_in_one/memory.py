"""How a process that serves lets go of memory."""

import gc

ALLOCATIONS = 150_000
"""Objects that come to be, and do not go, before the youngest are looked at: a parcel of pages is more than a hundred thousand, and
nearly all of them go by themselves."""


def settle_garbage_collection() -> None:
    """Leave what was imported out of every later collection, and collect less often.

    The modules are some hundred thousand objects that never go. Looked through again and again while pages of records come and go,
    they cost a sync a tenth of its time and more.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS, 20, 100)

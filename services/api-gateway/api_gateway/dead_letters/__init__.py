"""Dead letters: events that a consumer could not handle, to be looked at, replayed or discarded."""

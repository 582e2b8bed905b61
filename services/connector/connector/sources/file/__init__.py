"""An uploaded file as a source: what is in it is what the source says."""

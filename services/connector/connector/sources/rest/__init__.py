"""Any JSON API over HTTP as a source, described by settings instead of code."""

"""Pinned samples: real records kept beside a mapping, with what it must make of them."""

"""Snapshots: everything that the store contains at one moment, as files that can be loaded again or read elsewhere.

A snapshot is refused if its folder is not empty. No snapshot is ever overwritten.
"""

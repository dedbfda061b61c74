"""Import the modules that each fork of tests/forked.py starts with, and build the schemas of GraphQL."""

import api.app
import api.cli
from api.catalog import VERSIONS
from api.graphql import contract

__all__ = ["api"]

for version in VERSIONS.values():
    contract.text(version)

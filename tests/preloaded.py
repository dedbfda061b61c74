"""What a fork of tests/forked.py has when it begins: the modules of the service, and its schemas of GraphQL."""

import api.app
import api.cli
from api.catalog import VERSIONS
from api.graphql import contract

__all__ = ["api"]

for version in VERSIONS.values():
    contract.text(version)

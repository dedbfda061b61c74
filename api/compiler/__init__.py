"""Compile a Query into one Statement: SQL text that is the same for queries of one shape, and its arguments.

The compiler is pure, and its SQL is readable in psql. It rejects nothing, because a Query contains only what the
catalog offers. `statement.py` composes the statement, `page.py` reads a page in the order of `keyset.py`, `search.py`
finds the rows of a search, `record.py` shapes a record, `condition.py` writes filters, and `geography.py` computes
boxes on the globe.
"""

from api.compiler.statement import Statement, compile_query

__all__ = ["Statement", "compile_query"]

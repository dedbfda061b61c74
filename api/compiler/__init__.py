"""A Query becomes one Statement: SQL text that is stable for a shape, and its arguments. Pure, and readable in psql.

Nothing is rejected at this level: a Query holds only what the catalog offers. `statement.py` composes, `page.py`
reads a page in the order of `keyset.py`, `search.py` finds what is searched, `record.py` shapes a record,
`condition.py` writes filters, `geography.py` boxes on the globe.
"""

from api.compiler.statement import Statement, compile

__all__ = ["Statement", "compile"]

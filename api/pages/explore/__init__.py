"""The explorer: each list of the newest version as a table at `/explore/{list}`, and each record as a page of its own.

A page takes the parameters of its list, reads them with the reader of REST, and asks the store with the same Query. So
its filters, prices, limits and errors are those of the list.
"""

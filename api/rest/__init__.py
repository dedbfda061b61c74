"""The REST API: URLs with parameters, JSON bodies, problem documents.

This layer rejects parameters that are unknown, given twice or have a wrong value, paths that do not exist, and methods
and media types that are not offered.
"""

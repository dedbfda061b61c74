"""The REST API: URLs with parameters, JSON bodies, problem documents.

This layer rejects parameters that are unknown, have a wrong value, or take one value and are given twice. It rejects
paths that do not exist, and methods and media types that are not offered.
"""

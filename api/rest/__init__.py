"""Door one: URLs with parameters, JSON bodies, problem documents.

A request is rejected at this level when a parameter is unknown, given twice, or holds what it cannot; when the path
leads nowhere; when the method or the wanted media type is not offered.
"""

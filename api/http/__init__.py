"""What both doors share of HTTP: the socket's limits, the frame around each request, problems, and sending bytes.

A request is rejected at this level when its header fields, URL or body are too large, malformed or too slow, when
nothing here speaks the media type that it wants, and when an error of any other level is turned into its status.
"""

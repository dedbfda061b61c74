"""Keys and plans over HTTP, for holders of the scope admin, and what a caller may do, for anyone.

One table of operations makes the routes and their OpenAPI document, which is apart from that of the data: it follows
the service and not a version of the data, and who generates a client for the data wants none of it. Who has not the
scope is rejected at this level, and bodies that are not as documented.
"""

"""Keys and plans over HTTP, for holders of the scope admin, and what a caller may do, for any caller.

One table of operations makes the routes and their OpenAPI document. It is apart from the documents of the data, because
it follows the service and not a version of the data, and because generated clients for the data do not need it.
This layer rejects callers without the scope, and bodies that are not as documented.
"""

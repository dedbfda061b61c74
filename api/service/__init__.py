"""The service below both APIs: price a query, charge its caller, run it, and keep the answer."""

from api.service.context import GONE, RequestContext
from api.service.service import Cost, Outcome, PreparedQuery, Service

__all__ = ["GONE", "Cost", "Outcome", "PreparedQuery", "RequestContext", "Service"]

"""The view of operators on the service: the access log, metrics, traces and health checks."""

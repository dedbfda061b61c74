"""What operators see of the service: the access log, metrics, traces and health checks."""

"""pytest fixtures of the mock server."""

"""A mock server that obeys an authentication contract."""

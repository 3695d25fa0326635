"""Prove that an HTTP API's authentication is right."""

"""Tokens that a right server refuses, made from one that it issued. Pure functions; each gives tokens by the name of their variant."""

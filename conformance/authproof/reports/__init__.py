"""Renderings of a report: each is a function of the one result model."""

"""Exploration: a hypothesis state machine walks a target, and a pure model says which answers are right."""

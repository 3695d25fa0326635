"""The smallest document of a contract: one application with one login. Tests add what they are about."""

from __future__ import annotations

from typing import Any

import yaml

SMALL = """
openapi: 3.1.0
info: {title: Small, version: "1"}
paths:
  /login:
    post:
      security: []
      requestBody: {content: {application/json: {schema: {type: object}}}}
      responses: {"201": {description: In.}, "401": {description: No.}}
components:
  securitySchemes:
    bearer: {type: http, scheme: bearer}
x-authproof:
  version: 1
  tokens: {algorithm: HS256, claims: {user: account, exp: expiresAt}}
  applications:
    app:
      accessToken: {scheme: bearer, lifetime: 60, response: /token}
      logins: [{operation: POST /login, credentials: {/name: username, /word: password}}]
"""


def small_document() -> dict[str, Any]:
    """The document as a tree of its own."""
    tree: dict[str, Any] = yaml.safe_load(SMALL)
    return tree

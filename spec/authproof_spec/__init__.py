"""The authentication contract of an HTTP API: an OpenAPI document, its model, and the catalogue of requirements."""

from authproof_spec.contract import Application, Contract, Operation
from authproof_spec.errors import ContractError, Problem
from authproof_spec.loader import extension_schema, load_contract

__all__ = ["Application", "Contract", "ContractError", "Operation", "Problem", "extension_schema", "load_contract"]

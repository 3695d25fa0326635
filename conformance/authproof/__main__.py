"""`python -m authproof`."""

from authproof.cli import main

main(prog_name="authproof")

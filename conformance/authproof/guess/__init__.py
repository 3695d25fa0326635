"""What an OpenAPI document lets one guess of its authentication, for `authproof init --from`."""

"""The platform's own OpenAPI documents: what its routes take and answer, written from its models."""

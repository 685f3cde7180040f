"""Tenants: who may fetch tokens, who signs in, and who may call (section 3 of the API contract)."""

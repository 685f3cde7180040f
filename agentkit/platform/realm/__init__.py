"""Tenants: who may fetch tokens and who may call (section 3 of the API contract)."""

"""Corti's v1 routes over the platform's services."""

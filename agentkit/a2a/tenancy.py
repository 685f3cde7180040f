"""Tenants: where a request is routed to, and whose tenant it really is (A2A-TEN-02, A2A-SEC-04)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from agentkit.a2a.faults import invalid_params
from agentkit.compose import Caller
from agentkit.errors import AccessRefused
from agentkit.models import Json, JsonObject

_LONGEST: Final = 128


def routed(params: JsonObject, path_tenant: str | None = None) -> str:
    """The tenant a request names in its parameters or, on HTTP+JSON, in its path; empty for none.

    Raises:
        InvalidParamsError: It is no usable name, or path and parameters name two.
    """
    named: Json = params.get("tenant")
    if named is None:
        named = ""
    if not isinstance(named, str):
        raise invalid_params("tenant", "must be a string")
    if path_tenant and named and named != path_tenant:
        raise invalid_params("tenant", "is another one than that of the address")
    tenant = path_tenant or named
    if len(tenant) > _LONGEST or not tenant.isprintable():
        raise invalid_params("tenant", f"must be at most {_LONGEST} printable characters")
    return tenant


def settled(caller: Caller, tenant: str) -> Caller:
    """The caller in the tenant that owns what it does: that of its token, else the one it was routed to.

    Raises:
        AccessRefused: The token belongs to another tenant than the request was routed to.
    """
    if not tenant or tenant == caller.tenant:
        return caller
    if caller.tenant:
        raise AccessRefused("tenant_mismatch", "The credentials belong to another tenant.", status=403)
    return replace(caller, tenant=tenant)

"""An error that comes with status 200, as JSON-RPC's do (V1-ERR-05), shows no secret either."""

from __future__ import annotations

import secrets
import traceback
from typing import Literal

import pytest

from agentkit.credentials import Token
from agentkit.errors import ApiError
from agentkit.specs import AgentSpec
from tests.client.connecting import connected
from tests.contract.corti_double import Answer, CortiDouble

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("how", ["send", "stream"])
@pytest.mark.parametrize("generation", ["v1", "v2"])
async def test_an_echo_in_a_json_rpc_error_hides_credentials_and_access_token(
    generation: Literal["v1", "v2"], how: str
) -> None:
    double = CortiDouble()
    given, access = secrets.token_hex(16), double.token()
    async with connected(double, token=access, generation=generation, binding="JSONRPC") as corti:
        agent = await corti.agents.create(AgentSpec(name="a", description="b"))
        echo = f"you sent {given} with {access}"
        details = [{"reason": "INTERNAL_ERROR", "domain": "a2a-protocol.org", "metadata": {echo: echo}}]
        error = {"code": -32603, "message": echo, "data": details}
        double.inject(Answer(200, {"jsonrpc": "2.0", "id": "1", "error": error}))
        stream = agent.stream("hi", credentials=[Token("ehr", given)])
        turn = agent.send("hi", credentials=[Token("ehr", given)]) if how == "send" else anext(stream)
        with pytest.raises(ApiError) as caught:
            await turn
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + str(vars(caught.value))
    assert "<hidden>" in shown
    assert given not in shown
    assert access not in shown

"""No secret shows anywhere but in the requests that need it (design D4), with a control that the search finds one."""

from __future__ import annotations

import asyncio
import logging
import secrets
import traceback

import anyio
import pytest

from agentkit import tracing
from agentkit.client import AsyncCorti
from agentkit.credentials import ClientCredentials, Token
from agentkit.errors import AgentKitError
from tests.client.connecting import TOKEN, Connect
from tests.contract.corti_double import Answer, CortiDouble
from tests.deadline import HANG

pytestmark = pytest.mark.anyio


def _shown(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error) + str(vars(error))


async def test_secrets_echoed_by_the_server_do_not_reach_the_error(
    connect: Connect, double: CortiDouble, agent_id: str
) -> None:
    token, secret, client_secret = (secrets.token_hex(16) for _ in range(3))
    double.client_secret = client_secret
    async with connect(client_secret=client_secret) as corti:
        agent = await corti.agents.get(agent_id)
        echo = f"you sent {token} and {secret} with {double.keycloak.issued[0]} of {client_secret}"
        double.inject(Answer(400, {"code": "bad", "description": echo, "howToFix": echo, "details": {echo: [echo]}}))
        with pytest.raises(AgentKitError) as caught:
            await agent.send("hi", credentials=[Token("ehr", token), ClientCredentials("qs", "id", secret)])
    shown = _shown(caught.value)
    assert "<hidden>" in shown
    for hidden in (token, secret, client_secret, double.keycloak.issued[0]):
        assert hidden not in shown


async def test_a_secret_echoed_by_the_token_endpoint_does_not_reach_the_error(
    connect: Connect, double: CortiDouble, agent_id: str
) -> None:
    secret = secrets.token_hex(16)
    double.inject(Answer(400, {"error": f"bad {secret}", "error_description": secret}), on=TOKEN)
    async with connect(client_secret=secret) as corti:
        with pytest.raises(AgentKitError) as caught:
            await corti.agents.get(agent_id)
    assert secret not in _shown(caught.value)


async def test_nothing_logged_or_traced_shows_a_secret_or_content(caplog: pytest.LogCaptureFixture) -> None:
    canaries = [secrets.token_hex(16) for _ in range(4)]
    client_secret, access_token, token, text = canaries
    seen: list[bytes] = []
    spans: list[tracing.SpanRecord] = []
    task = (
        '{"task":{"kind":"task","id":"t","contextId":"c","status":{"state":"completed","message":{"kind":"message",'
        f'"role":"agent","messageId":"m","parts":[{{"kind":"text","text":"{text}"}}]}}}}}}}}'
    )
    agent = '{"id":"a","name":"n","description":"d","systemPrompt":""}'
    issued = f'{{"access_token":"{access_token}","expires_in":300,"token_type":"Bearer"}}'

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for body in (issued, agent, task):
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.lower().split(b"\r\n")
            length = next((int(line[15:]) for line in lines if line.startswith(b"content-length")), 0)
            seen.append(head + await reader.readexactly(length))
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
            await writer.drain()
        writer.close()

    caplog.set_level(logging.DEBUG)
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with anyio.fail_after(HANG), tracing.listen(spans.append):
        async with (
            server,
            AsyncCorti(base_url=f"http://127.0.0.1:{port}", client_id="id", client_secret=client_secret) as corti,
        ):
            reply = await (await corti.agents.get("a")).send(text, credentials=[Token("ehr", token)])
            shown = f"{caplog.text} {spans} {corti!r} {vars(corti)} {reply!r}"
    assert reply.text == text
    for canary in canaries:
        assert canary not in shown
        assert any(canary.encode() in request for request in seen)
    assert "receive_response_headers" in caplog.text, "httpcore2 logged at DEBUG"
    logging.getLogger("control").debug("planted %s", client_secret)
    assert client_secret in caplog.text, "the search finds a planted canary"

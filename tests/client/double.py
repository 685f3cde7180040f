"""A small Corti written by hand from the reference: literal JSON, nothing of agentkit, so that client and double cannot
agree on a wrong wire."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

AGENT_ID = "7f1c8a52-2f4e-4c57-9a55-0c3c4a0f7a01"
TASK_ID = "0d7f6a3c-9f0e-4f3f-8f1e-2f4b1f2f7a02"
CONTEXT_ID = "c3b1a2d4-5e6f-4a7b-8c9d-0e1f2a3b4c03"

AGENT: dict[str, Any] = {
    "id": AGENT_ID,
    "name": "visit-helper",
    "description": "Answers questions about one visit",
    "systemPrompt": "You are an orchestrator.",
    "experts": [
        {
            "type": "expert",
            "id": "9a1c8a52-2f4e-4c57-9a55-0c3c4a0f7a09",
            "name": "record-reader",
            "description": "Reads the record",
            "systemPrompt": "",
            "mcpServers": [
                {
                    "id": "5e1c8a52-2f4e-4c57-9a55-0c3c4a0f7a05",
                    "name": "ehr",
                    "transportType": "streamable_http",
                    "authorizationType": "bearer",
                    "url": "https://mcp.example.org/ehr/mcp",
                    "redirectUrl": None,
                }
            ],
        }
    ],
}

CARD: dict[str, Any] = {
    "protocolVersion": "0.3.0",
    "name": "visit-helper",
    "description": "Answers questions about one visit",
    "url": f"http://127.0.0.1:8700/agents/{AGENT_ID}/v1",
    "version": "1.0.0",
    "capabilities": {"streaming": True},
    "defaultInputModes": ["text/plain"],
    "defaultOutputModes": ["text/plain"],
    "skills": [],
}

REGISTRY: dict[str, Any] = {
    "experts": [
        {
            "name": "pubmed-expert",
            "description": "Searches PubMed",
            "mcpServers": [{"name": "pubmed", "authorizationType": "none"}],
        }
    ]
}


def task(state: str = "completed", text: str | None = "Penicillin.", **more: Any) -> dict[str, Any]:
    status: dict[str, Any] = {"state": state, "timestamp": "2026-01-01T10:00:00Z"}
    if text is not None:
        status["message"] = {
            "kind": "message",
            "role": "agent",
            "messageId": "a-1",
            "taskId": TASK_ID,
            "contextId": CONTEXT_ID,
            "parts": [{"kind": "text", "text": text}],
        }
    return {"kind": "task", "id": TASK_ID, "contextId": CONTEXT_ID, "status": status, "history": [], **more}


def artifact(identifier: str, text: str) -> dict[str, Any]:
    return {"artifactId": identifier, "parts": [{"kind": "text", "text": text}]}


@dataclass
class Call:
    """A request as it came in."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.body.decode(), strict_parsing=True)


@dataclass
class CortiDouble:
    """The server; what it shall answer is set before a call, what it was asked is read after it."""

    client_id: str = "local-client"
    client_secret: str = "local-secret"
    expires_in: int = 300
    answers: deque[Response] = field(default_factory=deque[Response])
    token_answers: deque[Response] = field(default_factory=deque[Response])
    sends: deque[dict[str, Any]] = field(default_factory=deque[dict[str, Any]])
    calls: list[Call] = field(default_factory=list[Call])
    token_calls: list[Call] = field(default_factory=list[Call])
    hold: asyncio.Event | None = None
    waiting: int = 0

    @property
    def app(self) -> Starlette:
        agent = "/agents/{agent_id}"
        return Starlette(
            routes=[
                Route("/realms/{tenant}/protocol/openid-connect/token", self._token, methods=["POST"]),
                Route("/agents", self._answer(201, AGENT), methods=["POST"]),
                Route("/agents", self._answer(200, [AGENT, {"type": "reference", "name": "elsewhere"}])),
                Route("/agents/registry/experts", self._answer(200, REGISTRY)),
                Route(agent, self._answer(200, AGENT), methods=["GET", "PATCH"]),
                Route(agent, self._answer(204, None), methods=["DELETE"]),
                Route(f"{agent}/agent-card.json", self._answer(200, CARD)),
                Route(f"{agent}/v1/message:send", self._send, methods=["POST"]),
                Route(f"{agent}/v1/tasks/{{task_id}}", self._answer(200, task(text="Later."))),
                Route(f"{agent}/v1/contexts/{{context_id}}", self._answer(200, {"id": CONTEXT_ID, "items": [task()]})),
                Route(f"{agent}/v1/contexts/{{context_id}}", self._answer(204, None), methods=["DELETE"]),
            ]
        )

    @property
    def targets(self) -> list[str]:
        return [f"{call.method} {call.target}" for call in self.calls]

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [call.json["message"] for call in self.calls if call.target.endswith("message:send")]

    async def _token(self, request: Request) -> Response:
        call = await _recorded(request)
        self.token_calls.append(call)
        self.waiting += 1
        if self.hold is not None:
            await self.hold.wait()
        self.waiting -= 1
        if self.token_answers:
            return self.token_answers.popleft()
        if call.form["client_id"] != [self.client_id]:
            return JSONResponse({"error": "invalid_client", "error_description": "unknown client"}, 401)
        if call.form["client_secret"] != [self.client_secret]:
            return JSONResponse({"error": "unauthorized_client", "error_description": "wrong secret"}, 401)
        return JSONResponse(
            {
                "access_token": self.token(len(self.token_calls)),
                "expires_in": self.expires_in,
                "refresh_expires_in": 0,
                "token_type": "Bearer",
                "not-before-policy": 0,
                "scope": "profile openid email",
            }
        )

    def token(self, number: int) -> str:
        return base64.urlsafe_b64encode(f"access-{number}".encode()).decode().rstrip("=")

    def _answer(self, status: int, body: object) -> Any:
        async def endpoint(request: Request) -> Response:
            self.calls.append(await _recorded(request))
            if self.answers:
                return self.answers.popleft()
            return Response(status_code=status) if body is None else JSONResponse(body, status)

        return endpoint

    async def _send(self, request: Request) -> Response:
        body = {"task": task()}
        if self.sends and not self.answers:
            body = self.sends.popleft()
        answer: Response = await self._answer(200, body)(request)
        return answer


async def _recorded(request: Request) -> Call:
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return Call(request.method, target, dict(request.headers), await request.body())

"""Feedback on tasks on the wire (V2-EP-24, V2-EP-25, V2-OBJ-20, CON-10)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from agentkit.platform import feedback
from tests.platform.agents.calls import refused_fields
from tests.platform.contexts.parts import ROOT, UNKNOWN, Ward, ward

pytestmark = pytest.mark.anyio

GOOD: dict[str, Any] = {"rating": {"scale": "binary", "value": 1}}
FULL: dict[str, Any] = {
    "rating": {"scale": "binary", "value": 0},
    "labels": ["incorrect", "missingInformation", "irrelevant", "tooVerbose", "other"],
    "reason": "r" * 1000,
    "target": {"messageId": "msg-1"},
    "metadata": {
        "collectionMethod": "m" * 100,
        "clientReference": "c" * 255,
        "actor": {"externalId": "e" * 255},
    },
}


async def place(home: Ward, **more: Any) -> str:
    """Where the feedback on a new task lies."""
    task = await home.send(await home.agent(**more))
    return f"{ROOT}/contexts/{task['contextId']}/tasks/{task['id']}/feedback"


async def test_feedback_comes_back_as_it_was_given_with_what_the_server_knows() -> None:
    """V2-OBJ-20, V2-ID-01: 201, and a `Location` that names it."""
    async with ward() as home:
        path = await place(home)
        answer = await home.jane.post(path, FULL)
        made = answer.json()
        assert answer.status_code == 201
        assert answer.headers["location"] == f"{home.platform.url}{path}/{made['id']}"
        assert re.fullmatch(r"fb\.[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", made["id"])
        assert made == {
            "id": made["id"],
            "taskId": path.split("/")[-2],
            **FULL,
            "normalizedScore": 0.0,
            "createdAt": "2026-11-20T10:00:00.000Z",
        }
        plain = await home.jane.made(path, {**GOOD, "labels": [], "reason": None, "target": None})
        assert (plain["labels"], plain["normalizedScore"], "reason" in plain) == ([], 1.0, False)
        assert (await home.jane.read(path))["feedbacks"] == [plain, made]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "rating"),
        ([], ""),
        ({"rating": 1}, "rating"),
        ({"rating": {"value": 1}}, "rating.scale"),
        ({"rating": {"scale": "binary"}}, "rating.value"),
        ({"rating": {"scale": "stars", "value": 1}}, "rating.scale"),
        ({"rating": {"scale": "binary", "value": 2}}, "rating.value"),
        ({"rating": {"scale": "binary", "value": True}}, "rating.value"),
        ({"rating": {"scale": "binary", "value": {}}}, "rating.value"),
        ({"rating": {"scale": "binary", "value": 1, "max": 1}}, "rating.max"),
        ({**GOOD, "labels": "correct"}, "labels"),
        ({**GOOD, "labels": ["nice"]}, "labels[0]"),
        ({**GOOD, "labels": ["correct", "correct"]}, "labels[1]"),
        ({**GOOD, "labels": ["correct", "complete", "helpful", "efficient", "irrelevant", "tooVerbose"]}, "labels"),
        ({**GOOD, "labels": ["other"]}, "reason"),
        ({**GOOD, "labels": ["other"], "reason": " "}, "reason"),
        ({**GOOD, "reason": "x" * 1001}, "reason"),
        ({**GOOD, "reason": 7}, "reason"),
        ({**GOOD, "target": {}}, "target.messageId"),
        ({**GOOD, "target": {"messageId": " "}}, "target.messageId"),
        ({**GOOD, "target": {"messageId": "m", "part": 1}}, "target.part"),
        ({**GOOD, "metadata": {"collectionMethod": "x" * 101}}, "metadata.collectionMethod"),
        ({**GOOD, "metadata": {"clientReference": "x" * 256}}, "metadata.clientReference"),
        ({**GOOD, "metadata": {"actor": {}}}, "metadata.actor.externalId"),
        ({**GOOD, "metadata": {"actor": {"externalId": "x" * 256}}}, "metadata.actor.externalId"),
        ({**GOOD, "metadata": {"actor": {"externalId": "a", "name": "b"}}}, "metadata.actor.name"),
        ({**GOOD, "metadata": {"more": 1}}, "metadata.more"),
        ({**GOOD, "comment": "x"}, "comment"),
    ],
)
async def test_what_the_closed_object_does_not_take_is_named(body: Any, field: str) -> None:
    """V2-OBJ-20, V2-ERR-01."""
    async with ward() as home:
        path = await place(home)
        answer = await home.jane.post(path, body)
        assert refused_fields(answer) == [field]
        assert (await home.jane.read(path))["feedbacks"] == []


async def test_everybody_sees_and_takes_back_his_own_and_again_is_no_error() -> None:
    """V2-EP-25, CON-10."""
    async with ward() as home:
        path = await place(home)
        made = [await home.jane.made(path, GOOD) for _ in range(3)]
        for _ in range(2):
            assert (await home.jane.delete(f"{path}/{made[1]['id']}")).status_code == 204
            assert (await home.jane.delete(f"{path}/{UNKNOWN}")).status_code == 204
            assert (await home.jane.delete(f"{path}/none")).status_code == 204
        assert (await home.jane.read(path))["feedbacks"] == [made[2], made[0]]
        assert (await home.jane.delete(f"{path}/{made[0]['id'][3:]}")).status_code == 204
        assert (await home.jane.read(path))["feedbacks"] == [made[2]]
        for _ in range(2):
            assert (await home.jane.delete(path)).status_code == 204
        assert (await home.jane.read(path))["feedbacks"] == []


async def test_feedback_belongs_to_one_task() -> None:
    async with ward() as home:
        path, other = await place(home), await place(home)
        made = await home.jane.made(path, GOOD)
        assert (await home.jane.delete(f"{other}/{made['id']}")).status_code == 204
        assert (await home.jane.read(path))["feedbacks"] == [made]
        mixed = "/".join([*path.split("/")[:5], *other.split("/")[5:]])
        assert (await home.jane.post(mixed, GOOD)).status_code == 404
        assert (await home.jane.get(mixed)).status_code == 404


async def test_a_task_takes_so_much_feedback_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback, "MOST", 2)
    async with ward() as home:
        path = await place(home)
        answers = [await home.jane.post(path, GOOD) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [201, 201, 409]
        assert answers[2].json()["error"]["code"] == "FEEDBACK_FULL"


async def test_a_text_that_no_database_takes_is_kept_all_the_same() -> None:
    async with ward() as home:
        path = await place(home)
        body = b'{"rating":{"scale":"binary","value":1},"reason":"half \\ud83d and \\u0000"}'
        headers = {**home.jane.headers, "content-type": "application/json"}
        answer = await home.jane.http.post(path, content=body, headers=headers)
        assert answer.status_code in {201, 400, 422}
        assert (await home.jane.get(path)).status_code == 200

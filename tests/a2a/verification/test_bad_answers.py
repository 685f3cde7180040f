"""A hand-written agent that gets one thing wrong at a time: the check that is about it says so, in its words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import anyio
import httpx2
import pytest

from agentkit.a2a.card import IDEMPOTENT_SEND_EXTENSION
from agentkit.a2a.verification import verify_endpoint
from agentkit.mcp import Verdict, VerificationReport
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

PUBLIC = "https://agents.example.org"
MESSAGE = {"messageId": "a-1", "role": "ROLE_AGENT", "parts": [{"text": "hi"}]}
ARTIFACT = {"artifactId": "r-1", "parts": [{"text": "hi"}]}

Json = dict[str, Any]
Reply = Json | list[Json] | Exception
Answers = Mapping[str, Callable[[Json], Reply]]


def task(state: str = "COMPLETED", **changes: Any) -> Json:
    whole = {"id": "t-1", "contextId": "c-1", "status": {"state": f"TASK_STATE_{state}"}, "artifacts": [ARTIFACT]}
    return {key: value for key, value in {**whole, **changes}.items() if value is not None}


def update(state: str) -> Json:
    return {"statusUpdate": {"taskId": "t-1", "contextId": "c-1", "status": {"state": f"TASK_STATE_{state}"}}}


def fault(code: int, reason: str) -> Json:
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "a2a-protocol.org"}
    return {"error": {"code": code, "message": "no", "data": [info]}}


def result(value: Json) -> Callable[[Json], Reply]:
    return says({"result": value})


def says(reply: Reply) -> Callable[[Json], Reply]:
    return lambda _params: reply


def repeats(params: Json) -> Reply:
    return {"error": {"code": -32602, "message": f"not {params}"}}


def events(*values: Json) -> Callable[[Json], Reply]:
    return says(list(values))


NO_TASK = fault(-32001, "TASK_NOT_FOUND")
UNSUPPORTED = fault(-32004, "UNSUPPORTED_OPERATION")
NO_CANCEL = fault(-32002, "TASK_NOT_CANCELABLE")

RIGHT: Answers = {
    "first": result({"task": task()}),
    "more": says(UNSUPPORTED),
    "empty": says(fault(-32602, "INVALID_PARAMS")),
    "GetTask": result(task()),
    "CancelTask": says(NO_CANCEL),
    "CancelNone": says(NO_TASK),
    "GetNone": says(NO_TASK),
    "ListTasks": result({"tasks": [task()], "nextPageToken": "", "pageSize": 1, "totalSize": 1}),
    "SendStreamingMessage": events({"task": task("WORKING")}, update("COMPLETED")),
}


def card(*, streaming: bool, extensions: list[Json]) -> Json:
    return {
        "name": "crooked",
        "description": "Gets one thing wrong",
        "version": "1",
        "supportedInterfaces": [{"url": f"{PUBLIC}/a2a", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}],
        "capabilities": {"streaming": streaming, "extensions": extensions},
        "defaultInputModes": ["text/plain"],
        "defaultOutputModes": ["text/plain"],
        "skills": [{"id": "s", "name": "S", "description": "d", "tags": ["t"]}],
    }


def operation(call: Json) -> str:
    method, params = call["method"], call["params"]
    if method == "SendMessage":
        message = params["message"]
        if not isinstance(message.get("messageId"), str):
            return "empty"
        return "more" if message.get("taskId") else "first"
    if params.get("id") == "agentkit-verify-no-such-task":
        return {"GetTask": "GetNone", "CancelTask": "CancelNone"}[method]
    return method


async def verified(
    *, streaming: bool = True, promised: bool = False, **wrong: Callable[[Json], Reply]
) -> VerificationReport:
    answers = {**RIGHT, **wrong}
    extensions = [{"uri": IDEMPOTENT_SEND_EXTENSION}] if promised else []

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("agent-card.json"):
            return whole(card(streaming=streaming, extensions=extensions))
        try:
            call = json.loads(request.content)
        except ValueError:
            return whole({"jsonrpc": "2.0", "id": None, **fault(-32700, "PARSE_ERROR")})
        head = {"jsonrpc": "2.0", "id": call["id"]}
        if request.headers["a2a-version"] != "1.0":
            return whole({**head, **fault(-32009, "VERSION_NOT_SUPPORTED")})
        reply = answers[operation(call)](call["params"])
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, dict):
            return whole({**head, **reply})
        body = "".join(f"data: {json.dumps({**head, 'result': event})}\n\n" for event in reply)
        stream = httpx2.ByteStream(body.encode())
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=stream)

    with anyio.fail_after(HANG):
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as http:
            return await verify_endpoint(PUBLIC, http=http, ask="hello")


def whole(document: Json) -> httpx2.Response:
    stream = httpx2.ByteStream(json.dumps(document).encode())
    return httpx2.Response(200, headers={"content-type": "application/json"}, stream=stream)


def found(report: VerificationReport, check: str) -> list[tuple[Verdict, str]]:
    return [(finding.verdict, finding.text) for finding in report.of(check)]


async def test_the_hand_written_agent_is_fit_where_nothing_is_wrong() -> None:
    report = await verified(promised=True)
    assert report.fit
    looked_at = [finding for finding in report.findings if finding.group in {"answers", "errors"}]
    others = {finding.check for finding in looked_at if finding.verdict is not Verdict.PASSED}
    assert others == {"answers.follow-up"}


E, W = Verdict.ERROR, Verdict.WARNING


@pytest.mark.parametrize(
    ("state", "changes", "verdict", "text"),
    [
        ("WORKING", {}, E, "the answer comes before the task has settled: it is working"),
        ("FAILED", {}, E, "the task ended failed"),
        ("COMPLETED", {"contextId": ""}, E, "the task has no contextId"),
        ("COMPLETED", {"artifacts": []}, W, "the answer is empty"),
    ],
)
async def test_a_task_that_is_no_answer_is_told(state: str, changes: Json, verdict: Verdict, text: str) -> None:
    report = await verified(first=result({"task": task(state, **changes)}))
    assert found(report, "answers.send") == [(verdict, text)]


async def test_an_answer_that_is_a_message_leaves_no_task_to_look_at() -> None:
    report = await verified(first=result({"message": MESSAGE}))
    assert found(report, "answers.send") == [(Verdict.PASSED, "A text is answered")]
    for check in ("answers.get", "answers.list", "answers.ended", "answers.follow-up"):
        assert found(report, check) == [(Verdict.SKIPPED, "the agent answered with a message and no task")]


CROOKED: list[tuple[str, Json, Verdict, str]] = [
    ("answers.get", {"GetTask": result(task(contextId="c-2"))}, E, "it comes back with another id or context"),
    ("answers.list", {"ListTasks": result({"tasks": []})}, W, "it is not among its context's tasks"),
    ("answers.repeat", {}, W, "the card does not promise it, so it was not tried"),
    ("answers.ended", {"more": result({"task": task()})}, E, "another message to it is taken"),
    (
        "answers.ended",
        {"more": says(fault(-32005, "CONTENT_TYPE_NOT_SUPPORTED"))},
        W,
        "another message is refused by another error",
    ),
    ("answers.ended", {"more": says(NO_TASK)}, W, "another message is refused by another error"),
    ("answers.ended", {"CancelTask": result(task("CANCELED"))}, E, "it can be cancelled"),
    ("errors.task", {"GetNone": result(task())}, E, "the answer is no error"),
    ("errors.task", {"GetNone": says({})}, E, "the answer is no error"),
    ("errors.cancel", {"CancelNone": result(task())}, E, "the answer is not TaskNotFound"),
    ("errors.params", {"empty": result({"task": task()})}, E, "an empty message is taken"),
    ("errors.params", {"empty": says({})}, E, "an empty message is taken"),
    (
        "errors.quiet",
        {"empty": repeats},
        E,
        "an error repeats the content that was sent",
    ),
    (
        "errors.cancel",
        {"CancelNone": says(httpx2.ConnectError("gone"))},
        Verdict.SKIPPED,
        "the answer was no connection",
    ),
]


@pytest.mark.parametrize(("check", "wrong", "verdict", "text"), CROOKED)
async def test_each_thing_done_wrong_is_told_by_its_check(check: str, wrong: Json, verdict: Verdict, text: str) -> None:
    assert found(await verified(**wrong), check) == [(verdict, text)]


async def test_a_repeated_message_that_leads_elsewhere_breaks_the_promise_of_the_card() -> None:
    numbers = iter(range(100))
    report = await verified(promised=True, first=lambda _: {"result": {"task": task(id=f"t-{next(numbers)}")}})
    assert found(report, "answers.repeat") == [(E, "it leads to another task")]


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"task": task(id="t-2")}, "it leads to another task"),
        ({"message": MESSAGE}, "it leads to another task"),
        ({"task": task(contextId="c-2")}, "it leads to another context"),
    ],
)
async def test_a_follow_up_that_leads_elsewhere_is_told(more: Json, text: str) -> None:
    report = await verified(first=result({"task": task("INPUT_REQUIRED")}), more=result(more))
    assert found(report, "answers.follow-up") == [(E, text)]
    assert found(report, "answers.ended")[0][0] is Verdict.SKIPPED


STREAMS: list[tuple[list[Json], str]] = [
    ([], "a stream is empty"),
    ([{"message": MESSAGE}, {"message": MESSAGE}], "more follows behind a message"),
    ([update("COMPLETED")], "a stream does not begin with its task"),
    ([{"task": task("WORKING")}], "a stream ends before its task has settled"),
    ([{"task": task("WORKING")}, update("WORKING")], "a stream ends before its task has settled"),
    ([{"task": task("WORKING")}, *[update("WORKING")] * 10_000], "a stream has more than 10000 events"),
]


@pytest.mark.parametrize(("sent", "text"), STREAMS, ids=[text for _, text in STREAMS])
async def test_a_stream_that_does_not_fit_is_told(sent: list[Json], text: str) -> None:
    report = await verified(SendStreamingMessage=events(*sent))
    assert found(report, "answers.stream") == [(E, text)]


async def test_a_stream_of_one_message_fits() -> None:
    report = await verified(SendStreamingMessage=events({"message": MESSAGE}))
    assert [verdict for verdict, _ in found(report, "answers.stream")] == [Verdict.PASSED]


@pytest.mark.parametrize(("streaming", "verdict"), [(False, Verdict.PASSED), (True, Verdict.ERROR)])
async def test_a_refused_stream_is_right_only_where_the_card_has_none(streaming: bool, verdict: Verdict) -> None:
    report = await verified(streaming=streaming, SendStreamingMessage=says(UNSUPPORTED))
    assert [one for one, _ in found(report, "answers.stream")] == [verdict]


async def test_a_stream_that_the_card_denies_is_a_warning() -> None:
    report = await verified(streaming=False)
    assert found(report, "answers.stream") == [(W, "the card says that there are none, and there are")]

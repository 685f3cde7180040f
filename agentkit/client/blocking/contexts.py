# Made from resources/contexts.py: change that file, then run `make twins`.
"""`corti.contexts`: conversations of a tenant, with their tasks, traces and feedback."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from agentkit.client.blocking.pages import BlockingPages, same
from agentkit.client.generation_v2 import page_size
from agentkit.client.v2 import contexts, feedback

if TYPE_CHECKING:
    from agentkit.client.blocking_session import BlockingSession
    from agentkit.models import Artifact, Context, Feedback, FeedbackSpec, Task, Trace


class BlockingContexts:
    """Conversations with their tasks, traces and feedback: `corti.contexts`; v2 only.

    v1 shows a context through its agent: `agent.context(...)`.

    Every method raises an `AgentKitError`: `ApiError` by status, `AuthenticationError`, `TransportError`, `WireError`.
    """

    def __init__(self, session: BlockingSession) -> None:
        """Made by `Corti`."""
        self._session = session

    def list(
        self,
        *,
        agent: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> BlockingPages[Context, Context]:
        """The contexts there are (V2-EP-18); Corti's list is empty today.

        Args:
            agent: The id of the agent they belong to.
            since: From this time on.
            until: Before this time.
            limit: At most so many.
        """
        return BlockingPages(
            self._session,
            lambda token: contexts.list_contexts(
                agent_id=agent, start=since, end=until, page_size=page_size(limit), page_token=token
            ),
            same,
            limit=limit,
        )

    def get(self, context_id: str, *, history_length: int | None = None) -> Context:
        """A context with its tasks, oldest first (V2-EP-19).

        Args:
            context_id: Its id.
            history_length: At most so many messages per task.
        """
        return self._session.call(contexts.get_context(context_id, history_length))

    def delete(self, context_id: str) -> None:
        """Delete a context and its memory for good (V2-EP-20)."""
        self._session.call(contexts.delete_context(context_id))

    def tasks(self, context_id: str, *, limit: int | None = None) -> BlockingPages[Task, Task]:
        """The tasks of a context (V2-EP-22)."""
        return BlockingPages(
            self._session,
            lambda token: contexts.list_tasks(context_id, page_size=page_size(limit), page_token=token),
            same,
            limit=limit,
        )

    def task(self, context_id: str, task_id: str) -> Task:
        """A task of a context (V2-EP-22)."""
        return self._session.call(contexts.get_task(context_id, task_id))

    def artifact(self, context_id: str, task_id: str, artifact_id: str) -> Artifact:
        """An artifact of a task (V2-EP-23)."""
        return self._session.call(contexts.get_artifact(context_id, task_id, artifact_id))

    def traces(self, context_id: str, *, limit: int | None = None) -> BlockingPages[Trace, Trace]:
        """What happened inside, newest first (V2-EP-21); spans may arrive some time after the turn."""
        return BlockingPages(
            self._session,
            lambda token: contexts.list_traces(context_id, page_size=page_size(limit), page_token=token),
            same,
            limit=limit,
        )

    def give_feedback(self, context_id: str, task_id: str, spec: FeedbackSpec) -> Feedback:
        """Say whether a task went well (V2-EP-24)."""
        return self._session.call(feedback.create_feedback(context_id, task_id, spec))

    def feedback(self, context_id: str, task_id: str) -> tuple[Feedback, ...]:
        """One's own feedback on a task, newest first (V2-EP-24)."""
        return self._session.call(feedback.list_feedback(context_id, task_id))

    def delete_feedback(self, context_id: str, task_id: str, feedback_id: str) -> None:
        """Take feedback back; once more does no harm (V2-EP-25, CON-10)."""
        self._session.call(feedback.delete_feedback(context_id, task_id, feedback_id))

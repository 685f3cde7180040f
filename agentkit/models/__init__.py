"""Neutral types in A2A's words; how they are spelled on a wire is the business of `agentkit.wire`."""

from agentkit.models.agent import (
    AgentCapabilities,
    AgentCard,
    AgentInfo,
    AgentReference,
    AgentSkill,
    ExpertInfo,
    ExpertReference,
    McpServerInfo,
    RegistryExpert,
    RegistryServer,
)
from agentkit.models.base import Json, JsonObject, Model
from agentkit.models.identity import new_id
from agentkit.models.message import File, Message, Part, Role
from agentkit.models.send import SendRequest
from agentkit.models.task import (
    Artifact,
    ArtifactUpdate,
    Context,
    Event,
    StatusUpdate,
    Task,
    TaskState,
    TaskStatus,
)

__all__ = [
    "AgentCapabilities",
    "AgentCard",
    "AgentInfo",
    "AgentReference",
    "AgentSkill",
    "Artifact",
    "ArtifactUpdate",
    "Context",
    "Event",
    "ExpertInfo",
    "ExpertReference",
    "File",
    "Json",
    "JsonObject",
    "McpServerInfo",
    "Message",
    "Model",
    "Part",
    "RegistryExpert",
    "RegistryServer",
    "Role",
    "SendRequest",
    "StatusUpdate",
    "Task",
    "TaskState",
    "TaskStatus",
    "new_id",
]

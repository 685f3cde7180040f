"""Neutral types in A2A's words; how they are spelled on a wire is the business of `agentkit.wire`."""

from agentkit.models.agent import (
    AgentInfo,
    AgentReference,
    ExpertInfo,
    ExpertReference,
    McpServerInfo,
)
from agentkit.models.base import Json, JsonObject, Model
from agentkit.models.card import (
    AgentCapabilities,
    AgentCard,
    AgentCardSignature,
    AgentExtension,
    AgentInterface,
    AgentProvider,
    AgentSkill,
)
from agentkit.models.connector import (
    ConnectorAuth,
    ConnectorInfo,
)
from agentkit.models.feedback import Feedback, FeedbackLabel, FeedbackSpec
from agentkit.models.identity import new_id
from agentkit.models.ids import AgentId, ArtifactId, ConnectorId, ContextId, FeedbackId, PrefixedId, TaskId, UserId
from agentkit.models.message import File, Message, Part, Role
from agentkit.models.questionnaire import QuestionnaireResponse, questionnaire_part
from agentkit.models.registry import (
    RegistryCapabilities,
    RegistryConnector,
    RegistryExpert,
    RegistryIcon,
    RegistryServer,
)
from agentkit.models.send import PushAuthentication, PushNotificationConfig, SendRequest
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
from agentkit.models.trace import SpanNode, Trace, TraceSpan
from agentkit.models.usage import TokenUsage, UsageBucket, UsageCounts, UsageReport

__all__ = [
    "AgentCapabilities",
    "AgentCard",
    "AgentCardSignature",
    "AgentExtension",
    "AgentId",
    "AgentInfo",
    "AgentInterface",
    "AgentProvider",
    "AgentReference",
    "AgentSkill",
    "Artifact",
    "ArtifactId",
    "ArtifactUpdate",
    "ConnectorAuth",
    "ConnectorId",
    "ConnectorInfo",
    "Context",
    "ContextId",
    "Event",
    "ExpertInfo",
    "ExpertReference",
    "Feedback",
    "FeedbackId",
    "FeedbackLabel",
    "FeedbackSpec",
    "File",
    "Json",
    "JsonObject",
    "McpServerInfo",
    "Message",
    "Model",
    "Part",
    "PrefixedId",
    "PushAuthentication",
    "PushNotificationConfig",
    "QuestionnaireResponse",
    "RegistryCapabilities",
    "RegistryConnector",
    "RegistryExpert",
    "RegistryIcon",
    "RegistryServer",
    "Role",
    "SendRequest",
    "SpanNode",
    "StatusUpdate",
    "Task",
    "TaskId",
    "TaskState",
    "TaskStatus",
    "TokenUsage",
    "Trace",
    "TraceSpan",
    "UsageBucket",
    "UsageCounts",
    "UsageReport",
    "UserId",
    "new_id",
    "questionnaire_part",
]

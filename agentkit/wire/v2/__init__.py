"""Corti's v2 `agentic` management plane (section 14 of the API contract).

Its messages are plain A2A 1.0, spoken by `agentkit.wire.a2a`.
"""

from agentkit.wire.v2.agent import (
    decode_agent,
    decode_agents,
    decode_create_agent,
    decode_update_agent,
    encode_agent,
    encode_agents,
    encode_create_agent,
    encode_update_agent,
)
from agentkit.wire.v2.card import decode_card, encode_card
from agentkit.wire.v2.connector import (
    decode_connector,
    decode_connectors,
    encode_connector,
    encode_connectors,
)
from agentkit.wire.v2.connector_spec import (
    decode_create_connector,
    decode_update_connector,
    encode_create_connector,
    encode_update_connector,
)
from agentkit.wire.v2.context import decode_context, decode_contexts, decode_tasks, encode_context
from agentkit.wire.v2.edit import encode_edit_agent
from agentkit.wire.v2.feedback import (
    decode_create_feedback,
    decode_feedback,
    decode_feedbacks,
    encode_create_feedback,
    encode_feedback,
)
from agentkit.wire.v2.mapping import auth_of, expert_section
from agentkit.wire.v2.paging import decode_page, encode_page
from agentkit.wire.v2.registry import (
    decode_registry,
    decode_registry_connector,
    encode_registry,
    encode_registry_connector,
)
from agentkit.wire.v2.trace import decode_trace, decode_traces, encode_trace
from agentkit.wire.v2.usage_report import decode_usage_report, encode_usage_report

__all__ = [
    "auth_of",
    "decode_agent",
    "decode_agents",
    "decode_card",
    "decode_connector",
    "decode_connectors",
    "decode_context",
    "decode_contexts",
    "decode_create_agent",
    "decode_create_connector",
    "decode_create_feedback",
    "decode_feedback",
    "decode_feedbacks",
    "decode_page",
    "decode_registry",
    "decode_registry_connector",
    "decode_tasks",
    "decode_trace",
    "decode_traces",
    "decode_update_agent",
    "decode_update_connector",
    "decode_usage_report",
    "encode_agent",
    "encode_agents",
    "encode_card",
    "encode_connector",
    "encode_connectors",
    "encode_context",
    "encode_create_agent",
    "encode_create_connector",
    "encode_create_feedback",
    "encode_edit_agent",
    "encode_feedback",
    "encode_page",
    "encode_registry",
    "encode_registry_connector",
    "encode_trace",
    "encode_update_agent",
    "encode_update_connector",
    "encode_usage_report",
    "expert_section",
]

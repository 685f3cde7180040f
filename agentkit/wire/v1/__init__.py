"""Corti's v1 dialect: A2A 0.3 data on REST paths of Corti's own (sections 6 to 13 of the API contract)."""

from agentkit.wire.v1.agent import (
    decode_agent,
    decode_agents,
    decode_expert,
    decode_registry,
    decode_server,
    encode_agent,
    encode_expert,
    encode_registry,
    encode_server,
)
from agentkit.wire.v1.card import decode_card, encode_card
from agentkit.wire.v1.edit import encode_edit_agent
from agentkit.wire.v1.identity import ShownIds, decode_shown_ids
from agentkit.wire.v1.message import decode_message, decode_part, encode_message, encode_part
from agentkit.wire.v1.send import decode_send, decode_send_answer, encode_send, encode_send_answer
from agentkit.wire.v1.spec import (
    decode_create_agent,
    decode_update_agent,
    encode_create_agent,
    encode_update_agent,
)
from agentkit.wire.v1.task import (
    decode_artifact,
    decode_context,
    decode_event,
    decode_item,
    decode_stream_event,
    decode_task,
    encode_artifact,
    encode_artifact_update,
    encode_context,
    encode_event,
    encode_status_update,
    encode_task,
)

__all__ = [
    "ShownIds",
    "decode_agent",
    "decode_agents",
    "decode_artifact",
    "decode_card",
    "decode_context",
    "decode_create_agent",
    "decode_event",
    "decode_expert",
    "decode_item",
    "decode_message",
    "decode_part",
    "decode_registry",
    "decode_send",
    "decode_send_answer",
    "decode_server",
    "decode_shown_ids",
    "decode_stream_event",
    "decode_task",
    "decode_update_agent",
    "encode_agent",
    "encode_artifact",
    "encode_artifact_update",
    "encode_card",
    "encode_context",
    "encode_create_agent",
    "encode_edit_agent",
    "encode_event",
    "encode_expert",
    "encode_message",
    "encode_part",
    "encode_registry",
    "encode_send",
    "encode_send_answer",
    "encode_server",
    "encode_status_update",
    "encode_task",
    "encode_update_agent",
]

"""The JSON dialect of A2A 1.0 (contract a2a.md, section 2): pure functions between plain dicts and models.

The A2A server speaks it, and so does generation 2 of Corti's API (A2A-CO-01). Numbers keep the type they have in the
JSON text, integers stay integers (design D12).
"""

from agentkit.wire.a2a.legacy import decode_legacy_send, encode_legacy_event
from agentkit.wire.a2a.legacy_proto import camel_case, decode_proto_send, encode_proto_event, encode_proto_task
from agentkit.wire.a2a.listing import ListRequest, decode_list_request
from agentkit.wire.a2a.message import decode_message, decode_part, encode_message, encode_part
from agentkit.wire.a2a.send import decode_send_request, encode_send_request
from agentkit.wire.a2a.task import (
    decode_answer,
    decode_artifact,
    decode_event,
    decode_state,
    decode_stream_event,
    decode_task,
    encode_artifact,
    encode_event,
    encode_state,
    encode_status,
    encode_task,
    encode_timestamp,
)

__all__ = [
    "ListRequest",
    "camel_case",
    "decode_answer",
    "decode_artifact",
    "decode_event",
    "decode_legacy_send",
    "decode_list_request",
    "decode_message",
    "decode_part",
    "decode_proto_send",
    "decode_send_request",
    "decode_state",
    "decode_stream_event",
    "decode_task",
    "encode_artifact",
    "encode_event",
    "encode_legacy_event",
    "encode_message",
    "encode_part",
    "encode_proto_event",
    "encode_proto_task",
    "encode_send_request",
    "encode_state",
    "encode_status",
    "encode_task",
    "encode_timestamp",
]

"""Push notifications: configurations, an outbox behind the event log, signatures, and a guard of where they may go."""

from agentkit.a2a.push.config import PushConfig, decode_push_config, encode_push_config
from agentkit.a2a.push.delivery import Delivery
from agentkit.a2a.push.guard import PushTargetRefused, TargetGuard
from agentkit.a2a.push.notifications import PushNotifications
from agentkit.a2a.push.outbox import Outbox
from agentkit.a2a.push.schema import MIGRATIONS
from agentkit.a2a.push.signature import NotificationSigner, verify_notification
from agentkit.a2a.push.store import PushStore

__all__ = [
    "MIGRATIONS",
    "Delivery",
    "NotificationSigner",
    "Outbox",
    "PushConfig",
    "PushNotifications",
    "PushStore",
    "PushTargetRefused",
    "TargetGuard",
    "decode_push_config",
    "encode_push_config",
    "verify_notification",
]

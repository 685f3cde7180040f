"""Every error agentkit raises, in one tree.

```
AgentKitError
├── ConfigurationError      a setting is missing or wrong (argument, variable, .env)
├── SpecError               what an author wrote cannot become an agent, expert or server
│   └── QuestionnaireInvalid    a questionnaire cannot be asked (in agentkit.interviewing, with its findings)
├── UnsupportedByGeneration v1 or v2 of the API cannot do what was asked; says which one can
├── CredentialError         an auth DataPart is incomplete or doubled (MCPAUTH-09, -10)
├── WireError               JSON that does not fit the documented shape
│   └── BodyRefused         a request's body is too large, too slow or of another media type
├── ConversationBusy        a second turn of a conversation was begun before the first had ended
├── PlanOutdated            an agent has changed since its deployment was planned
├── StorageError            the database cannot be opened, written or migrated
├── EngineError             a run cannot be started or continued
│   └── StateTooLarge       an agent wanted to keep too much of a conversation
├── ServeError              a server cannot be started (port in use, unsafe address)
├── AuthenticationError     a token endpoint refused the caller
│   └── AccessRefused       a server of ours did not let a request in
├── TooManyRequests         a server of ours was asked too often, or for too much at once
├── CardUntrusted           an agent card is not signed by a key that is believed
├── TransportError          no answer was received
│   ├── ConnectionFailed
│   │   └── RemoteUnreachable   nothing was sent
│   └── RequestTimeout
├── ApiError                the Corti API answered with an error status
│   ├── BadRequestError 400        ├── UnprocessableEntityError 422
│   ├── UnauthorizedError 401      ├── RateLimitedError 429
│   ├── ForbiddenError 403         ├── InternalServerError 500
│   ├── NotFoundError 404          ├── NotImplementedByServerError 501
│   ├── ConflictError 409          ├── BadGatewayError 502
│   └── ServiceUnavailableError 503 · GatewayTimeoutError 504
├── TaskError               a task cannot do what was asked of it
│   ├── TaskNotFound · ContextNotFound · AgentNotFound
│   ├── TaskNotContinuable · TaskNotCancelable · ContextMismatch
│   ├── MessageConflict     the same messageId with another content
│   ├── UnknownOutcome      a step was interrupted by a crash; nobody knows whether it happened
│   ├── ServiceOverloaded   the server is at work on as much as it may, or keeps as many open tasks as it may
│   ├── TurnExceeded        a turn said more, or took longer, than it may
│   │   └── TurnLimitExceeded   it decided, delegated or called too often
│   └── TaskFailed · InputRequired · AuthRequired
├── CompositionError        a limit or rule of a composition stopped it
│   ├── AgentTimeout        an agent had not ended in time
│   ├── BudgetExceeded      credits, tokens or seconds of a budget are used up
│   ├── LoopExhausted       as many rounds as allowed, and the condition did not come true
│   ├── TooFewCompleted     fewer agents of a Parallel completed than it needs
│   ├── StepFailed          an agent that a workflow called failed or rejected its message
│   └── WorkflowChanged     a workflow asks for other steps than those recorded
├── TranscriptError         a transcript cannot be had
│   └── TranscriptFailed · TranscriptNotReady
├── ModelError              a language model gave no decision
│   ├── ModelUnreachable · ModelRateLimited
│   └── ModelRefused · ModelOutputInvalid
├── CassetteError           recorded decisions cannot be read or kept
│   └── CassetteMismatch    no decision was recorded for such a situation
├── RemoteAgentError        an agent elsewhere refused what it was asked over A2A
│   └── RemoteAuthRequired · RemoteProtocolError
└── McpError                an MCP server could not be used
    ├── McpAuthRequired     401 or 403, with the server's challenge
    ├── McpUnreachable · McpTimeout · McpProtocolError
    └── ToolFailed          the tool itself reported a failure
```

Errors carry ids and plain values only. No error text holds a token, a secret or patient data, so each one may be
logged as it is. Branch on the class and on `code`, never on the text.
"""

from agentkit.errors.api import (
    ApiError,
    BadGatewayError,
    BadRequestError,
    ConflictError,
    ForbiddenError,
    GatewayTimeoutError,
    InternalServerError,
    NotFoundError,
    NotImplementedByServerError,
    RateLimitedError,
    ServiceUnavailableError,
    UnauthorizedError,
    UnprocessableEntityError,
    api_error_class,
)
from agentkit.errors.base import (
    AccessRefused,
    AgentKitError,
    AuthenticationError,
    BodyRefused,
    CardUntrusted,
    ConfigurationError,
    ConnectionFailed,
    ConversationBusy,
    CredentialError,
    EngineError,
    PlanOutdated,
    RequestTimeout,
    ServeError,
    SpecError,
    StateTooLarge,
    StorageError,
    TooManyRequests,
    TransportError,
    WireError,
)
from agentkit.errors.composition import (
    AgentTimeout,
    BudgetExceeded,
    CompositionError,
    LoopExhausted,
    StepFailed,
    TooFewCompleted,
    WorkflowChanged,
)
from agentkit.errors.generation import UnsupportedByGeneration
from agentkit.errors.mcp import (
    McpAuthRequired,
    McpError,
    McpProtocolError,
    McpTimeout,
    McpUnreachable,
    ToolFailed,
)
from agentkit.errors.model import (
    CassetteError,
    CassetteMismatch,
    ModelError,
    ModelOutputInvalid,
    ModelRateLimited,
    ModelRefused,
    ModelUnreachable,
)
from agentkit.errors.remote import RemoteAgentError, RemoteAuthRequired, RemoteProtocolError, RemoteUnreachable
from agentkit.errors.task import (
    AgentNotFound,
    AuthRequired,
    ContextMismatch,
    ContextNotFound,
    InputRequired,
    MessageConflict,
    ServiceOverloaded,
    TaskError,
    TaskFailed,
    TaskNotCancelable,
    TaskNotContinuable,
    TaskNotFound,
    TurnExceeded,
    TurnLimitExceeded,
    UnknownOutcome,
)
from agentkit.errors.transcript import TranscriptError, TranscriptFailed, TranscriptNotReady

__all__ = [
    "AccessRefused",
    "AgentKitError",
    "AgentNotFound",
    "AgentTimeout",
    "ApiError",
    "AuthRequired",
    "AuthenticationError",
    "BadGatewayError",
    "BadRequestError",
    "BodyRefused",
    "BudgetExceeded",
    "CardUntrusted",
    "CassetteError",
    "CassetteMismatch",
    "CompositionError",
    "ConfigurationError",
    "ConflictError",
    "ConnectionFailed",
    "ContextMismatch",
    "ContextNotFound",
    "ConversationBusy",
    "CredentialError",
    "EngineError",
    "ForbiddenError",
    "GatewayTimeoutError",
    "InputRequired",
    "InternalServerError",
    "LoopExhausted",
    "McpAuthRequired",
    "McpError",
    "McpProtocolError",
    "McpTimeout",
    "McpUnreachable",
    "MessageConflict",
    "ModelError",
    "ModelOutputInvalid",
    "ModelRateLimited",
    "ModelRefused",
    "ModelUnreachable",
    "NotFoundError",
    "NotImplementedByServerError",
    "PlanOutdated",
    "RateLimitedError",
    "RemoteAgentError",
    "RemoteAuthRequired",
    "RemoteProtocolError",
    "RemoteUnreachable",
    "RequestTimeout",
    "ServeError",
    "ServiceOverloaded",
    "ServiceUnavailableError",
    "SpecError",
    "StateTooLarge",
    "StepFailed",
    "StorageError",
    "TaskError",
    "TaskFailed",
    "TaskNotCancelable",
    "TaskNotContinuable",
    "TaskNotFound",
    "TooFewCompleted",
    "TooManyRequests",
    "ToolFailed",
    "TranscriptError",
    "TranscriptFailed",
    "TranscriptNotReady",
    "TransportError",
    "TurnExceeded",
    "TurnLimitExceeded",
    "UnauthorizedError",
    "UnknownOutcome",
    "UnprocessableEntityError",
    "UnsupportedByGeneration",
    "WireError",
    "WorkflowChanged",
    "api_error_class",
]

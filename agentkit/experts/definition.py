"""What a packaged expert is before it is given an address."""

from __future__ import annotations

from dataclasses import dataclass

from agentkit.specs import Authorization, ExpertSpec, McpServerSpec


@dataclass(frozen=True, slots=True)
class ExpertDefinition:
    """An expert as it is packaged: everything but the address of its MCP server.

    Attributes:
        slug: Its name: of the entry point, of the folder and of the expert in an agent.
        description: What it is good for; an orchestrator chooses by it.
        prompt: How it shall work.
        server_name: The name its MCP server is registered under; credentials are bound to it.
        authorization: How that server wants to be authorized where nothing else is said.
    """

    slug: str
    description: str
    prompt: str
    server_name: str
    authorization: Authorization = Authorization.NONE

    def spec(
        self,
        url: str,
        *,
        authorization: Authorization | None = None,
        scope: str | None = None,
        server_name: str | None = None,
    ) -> ExpertSpec:
        """The expert as an agent takes it.

        Args:
            url: The address of its MCP server.
            authorization: How that server wants to be authorized; None takes the definition's.
            scope: The OAuth scope to ask for.
            server_name: Another name to register the server under.

        Raises:
            SpecError: The address or a name does not fit.
        """
        server = McpServerSpec(
            name=server_name or self.server_name,
            url=url,
            authorization=self.authorization if authorization is None else authorization,
            scope=scope,
        )
        return ExpertSpec(name=self.slug, description=self.description, prompt=self.prompt, servers=(server,))

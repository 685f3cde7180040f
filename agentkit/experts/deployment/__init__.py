"""Experts into agents, like a deployment tool: plan what differs, look at it, apply it.

```python
plan = await plan_deployment(corti, expert.spec("https://mcp.example.org/labs/mcp"), agent="visit-helper")
if plan.has_changes:
    await apply_deployment(corti, plan)
```

`agentkit experts plan`, `apply` and `remove` do the same on the command line. There is no blocking twin: a program
without an event loop has `asyncio.run`.
"""

from agentkit.experts.deployment.applying import Deployment, apply_deployment
from agentkit.experts.deployment.plan import Action, DeploymentPlan, ExpertChange, FieldChange
from agentkit.experts.deployment.planning import plan_deployment, plan_removal

__all__ = [
    "Action",
    "Deployment",
    "DeploymentPlan",
    "ExpertChange",
    "FieldChange",
    "apply_deployment",
    "plan_deployment",
    "plan_removal",
]

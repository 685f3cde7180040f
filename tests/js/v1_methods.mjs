// Every v1 method of Corti's own SDK, printed as one JSON document.
// Variables: BASE (origin of the double or of the platform), SDK (package name), LAYOUT (environment or baseUrl).
const { BASE, SDK, LAYOUT } = process.env;
const { CortiClient } = await import(SDK);

const place =
  LAYOUT === "baseUrl"
    ? { baseUrl: BASE }
    : {
        environment: {
          base: `${BASE}/v2`,
          agents: BASE,
          login: `${BASE}/realms`,
          wss: `${BASE.replace("http", "ws")}/audio-bridge/v2`,
        },
      };
const client = new CortiClient({
  ...place,
  tenantName: "base",
  auth: { clientId: "local-client", clientSecret: "local-secret" },
});
const agents = client.agents;
const refusal = async (call) => {
  try {
    await call;
    return "no refusal";
  } catch (error) {
    return { name: error.constructor.name, status: error.statusCode, code: error.body?.code };
  }
};
let count = 0;
const send = (agent, text, more = {}, parts = [], configuration = undefined) =>
  agents.messageSend(agent.id, {
    message: {
      kind: "message",
      role: "user",
      messageId: `m-${++count}`,
      parts: [{ kind: "text", text }, ...parts],
      ...more,
    },
    configuration,
  });

const helper = await agents.create({ name: "helper", description: "Reads laboratory values" }, {});
const hidden = await agents.create({ name: "hidden", description: "Gone soon", ephemeral: true });
const created = await agents.create({
  name: "visit-helper",
  description: "Answers questions about one visit",
  agentType: "orchestrator",
  systemPrompt: "Be brief.",
  experts: [
    {
      type: "new",
      name: "record-reader",
      description: "Reads the record",
      systemPrompt: "Read.",
      mcpServers: [
        {
          name: "ehr",
          transportType: "streamable_http",
          authorizationType: "bearer",
          authorizationScope: "record",
          url: "https://mcp.example.org/ehr/mcp",
          token: "static-secret",
        },
      ],
    },
    { type: "reference", name: "pubmed-expert", systemPrompt: "Cite." },
    { type: "reference", id: helper.id },
  ],
});
const credential = { kind: "data", data: { type: "token", mcp_name: "ehr", token: "jwt-of-the-visit" } };
const file = { kind: "file", file: { uri: "https://files.example.org/a.pdf", name: "a.pdf", mimeType: "application/pdf" } };
const first = (await send(created, "Any allergies?", { metadata: { source: "test" } }, [credential, file])).task;
const configuration = { blocking: true, historyLength: 1, acceptedOutputModes: ["text/plain"] };
const asking = (await send(created, "Ask me", { contextId: first.contextId }, [], configuration)).task;
const answered = (await send(created, "Left", { contextId: first.contextId, taskId: asking.id })).task;
const quick = await send(created, "Hello", { contextId: first.contextId });
const waiting = (await send(created, "Elsewhere")).task;
// SDK <= 0.9 wants the whole agent (SDKC-11).
const whole = { ...created, name: "renamed" };
// Its answers of 0.7 know no `bearer` (CON-06), so such an expert cannot be sent back.
if (SDK === "corti-sdk-0.7") whole.experts = created.experts.slice(1);
const change = SDK === "@corti/sdk" ? { name: "renamed" } : whole;
const unknown = "11111111-1111-4111-8111-111111111111";

const result = {
  created,
  first,
  asking,
  answered,
  quick: quick.message ?? quick.task,
  waiting: waiting.status.state,
  got: await agents.get(created.id),
  listed: (await agents.list({ limit: 10, offset: 0 })).map((agent) => agent.name ?? agent.type),
  page: (await agents.list({ limit: 1, offset: 1, ephemeral: true })).map((agent) => agent.name),
  updated: (await agents.update(created.id, change)).name,
  card: await agents.getCard(created.id),
  offered: (await agents.getRegistryExperts({ limit: 100, offset: 0 })).experts.map((expert) => expert.name),
  registry: (await agents.getRegistryExperts({ limit: 2, offset: 1 })).experts.map((expert) => expert.name),
  task: await agents.getTask(created.id, first.id, { historyLength: 1 }),
  context: await agents.getContext(created.id, first.contextId),
  contextPage: (await agents.getContext(created.id, first.contextId, { limit: 1, offset: 1 })).items.map((item) => item.kind),
  refusals: {
    get: await refusal(agents.get(unknown)),
    id: await refusal(agents.get("no-uuid")),
    update: await refusal(agents.update(unknown, change)),
    delete: await refusal(agents.delete(unknown)),
    send: await refusal(send({ id: unknown }, "x")),
    settled: await refusal(send(created, "x", { contextId: first.contextId, taskId: first.id })),
    task: await refusal(agents.getTask(created.id, unknown)),
    context: await refusal(agents.getContext(created.id, unknown)),
    credential: await refusal(send(created, "x", {}, [credential, credential])),
    reference: await refusal(
      agents.create({ name: "x", description: "y", experts: [{ type: "reference", name: "nobody" }] }),
    ),
  },
};
await agents.delete(created.id);
await agents.delete(hidden.id);
await agents.delete(helper.id);
result.left = (await agents.list({ ephemeral: true })).length;
console.log(JSON.stringify(result));

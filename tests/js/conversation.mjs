// One conversation of Corti's own SDK with the platform, printed as one JSON document.
// Variables: BASE (origin of the platform), TOOLS (origin of the MCP servers), TOKEN (bearer of the MCP server), LAYOUT,
// SDK (package name).
const { BASE, TOOLS, TOKEN, LAYOUT, SDK } = process.env;
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

const created = await agents.create({
  name: "visit-helper",
  description: "Answers questions about one visit",
  experts: [
    {
      type: "new",
      name: "record-reader",
      description: "Reads the record",
      mcpServers: [
        { name: "ehr", transportType: "streamable_http", authorizationType: "bearer", url: `${TOOLS}/ehr/mcp` },
      ],
    },
    { type: "reference", name: "memory-expert" },
  ],
});
const message = (text, more = {}, parts = []) => ({
  message: {
    kind: "message",
    role: "user",
    messageId: `msg-${crypto.randomUUID()}`,
    parts: [{ kind: "text", text }, ...parts],
    ...more,
  },
});
const credential = { kind: "data", data: { type: "token", mcp_name: "ehr", token: TOKEN } };
const first = (await agents.messageSend(created.id, message("hello", {}, [credential]))).task;
const second = (await agents.messageSend(created.id, message("again", { contextId: first.contextId }))).task;
const waiting = (await agents.messageSend(created.id, message("elsewhere"))).task;

const interviewer = await agents.create({
  name: "interviewer",
  description: "Asks along a questionnaire",
  // 0.7 knows no agent types, and drops them (SDKC-08).
  ...(SDK === "corti-sdk-0.7"
    ? { experts: [{ type: "reference", name: "interviewing-expert" }] }
    : { agentType: "interviewing-expert" }),
});
const questionnaire = {
  questionnaireId: "rest-demo",
  version: "1",
  startQuestion: "q1",
  questions: [
    { id: "q1", type: "scale", text: "Satisfaction with your nights?", min: 1, max: 5 },
    { id: "q2", type: "number", text: "Hours slept?" },
    { id: "q3", type: "text_short", text: "How rested are you?" },
  ],
};
const turns = [];
let context;
for (const [text, parts] of [
  ["I want to fill it in", [{ kind: "data", data: { type: "questionnaire", questionnaire } }]],
  ["4", []],
  ["7", []],
  ["Quite rested", []],
]) {
  const { task } = await agents.messageSend(interviewer.id, message(text, context ? { contextId: context } : {}, parts));
  context = task.contextId;
  turns.push({
    state: task.status.state,
    asks: task.status.message?.parts?.[0]?.text ?? null,
    response: task.artifacts[0].parts[0],
  });
}

// 0.7 sends the whole agent (SDKC-11), and knows no `bearer` in what it got (CON-06).
const change = SDK === "corti-sdk-0.7" ? { ...created, experts: created.experts.slice(1) } : {};

let refusal;
try {
  await agents.get("11111111-1111-4111-8111-111111111111");
} catch (error) {
  refusal = { name: error.constructor.name, status: error.statusCode, code: error.body?.code };
}

const result = {
  created,
  interviewer: interviewer.id,
  got: await agents.get(created.id),
  listed: (await agents.list({ limit: 10, offset: 0 })).map((agent) => agent.id),
  updated: (await agents.update(created.id, { ...change, name: "renamed" })).name,
  card: (await agents.getCard(created.id)).url,
  registry: (await agents.getRegistryExperts({ limit: 100, offset: 0 })).experts.map((expert) => expert.name),
  first,
  second,
  waiting: waiting.status.state,
  task: await agents.getTask(created.id, first.id, { historyLength: 1 }),
  context: (await agents.getContext(created.id, first.contextId)).items.map((item) => item.kind),
  refusal,
  turns,
};
await agents.delete(created.id);
await agents.delete(interviewer.id);
console.log(JSON.stringify(result));

// The official JavaScript clients of A2A at an agent of the platform: streams, questions, cancellation; printed as JSON.
// v1 speaks A2A 0.3 over JSON-RPC, as Corti's own adapter does; v2 speaks A2A 1.0.
// Variables: BASE (origin of the platform), TOOLS (origin of the MCP servers), TOKEN (bearer of the MCP server),
// GENERATION (v1 or v2), BINDING (JSONRPC or HTTP+JSON).
const { BASE, TOOLS, TOKEN, GENERATION, BINDING } = process.env;
const second = GENERATION === "v2";
const a2a = await import(second ? "@a2a-js/sdk/client" : "a2a-js-sdk-0.3/client");
const { Role, TaskState } = second ? await import("@a2a-js/sdk") : {};

const form = { grant_type: "client_credentials", client_id: "local-client", client_secret: "local-secret", scope: "openid" };
const login = await fetch(`${BASE}/realms/base/protocol/openid-connect/token`, {
  method: "POST",
  body: new URLSearchParams(form),
});
const { access_token } = await login.json();
const headers = { Authorization: `Bearer ${access_token}`, "Tenant-Name": "base" };
const authorized = (input, init) =>
  fetch(input, { ...init, headers: { ...Object.fromEntries(new Headers(init?.headers)), ...headers } });

const url = `${TOOLS}/ehr/mcp`;
const definition = second
  ? { name: "chief", connectors: [{ type: "mcp", name: "ehr", url, auth: { type: "bearer" } }] }
  : {
      name: "chief",
      description: "Asks the record",
      mcpServers: [{ name: "ehr", transportType: "streamable_http", authorizationType: "bearer", url }],
    };
const root = `${BASE}${second ? "/v2/agentic" : ""}/agents`;
const made = await authorized(root, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(definition),
});
const { id } = await made.json();

const options = { fetchImpl: authorized };
const transport = BINDING === "JSONRPC" ? a2a.JsonRpcTransportFactory : a2a.RestTransportFactory;
const factory = new a2a.ClientFactory({
  transports: [new transport(options)],
  cardResolver: new a2a.DefaultAgentCardResolver(options),
});
const client = second
  ? await factory.createFromUrl(`${root}/${id}/`)
  : await factory.createFromUrl(`${root}/${id}`, `/agents/${id}/agent-card.json`);

let count = 0;
const secret = { type: "token", mcp_name: "ehr", token: TOKEN };
const request = (text, more = {}, { credential = true } = {}) => {
  const messageId = `js-${GENERATION}-${BINDING}-${(count += 1)}`;
  if (!second) {
    const parts = [{ kind: "text", text }, ...(credential ? [{ kind: "data", data: secret }] : [])];
    return { message: { kind: "message", role: "user", messageId, parts, ...more } };
  }
  const part = ($case, value) => ({ content: { $case, value }, metadata: undefined, filename: "", mediaType: "" });
  const parts = [part("text", text), ...(credential ? [part("data", secret)] : [])];
  return {
    tenant: "",
    message: {
      messageId,
      contextId: "",
      taskId: "",
      role: Role.ROLE_USER,
      parts,
      metadata: undefined,
      extensions: [],
      referenceTaskIds: [],
      ...more,
    },
    configuration: undefined,
    metadata: undefined,
  };
};
const byId = (taskId) => (second ? { tenant: "", id: taskId, metadata: undefined } : { id: taskId });
const plain = (result) => (second ? (result.payload?.value ?? result) : result);
const said = (status) => (second ? status?.message?.parts?.[0]?.content?.value : status?.message?.parts?.[0]?.text) ?? null;
const state = (status) => (second ? TaskState[status.state] : status.state);
const brief = (task) => ({ id: task.id, context: task.contextId, state: state(task.status), said: said(task.status) });
const shown = (event) => {
  const kind = second ? event.payload.$case : event.kind;
  const value = plain(event);
  return [kind, value.status ? state(value.status) : null, value.final ?? null];
};
const failure = async (work) => {
  try {
    await work();
    return null;
  } catch (error) {
    return error.constructor.name;
  }
};

const told = {};
const streamed = [];
for await (const event of client.sendMessageStream(request("hello"))) streamed.push(shown(event));
told.streamed = streamed;
const sent = brief(plain(await client.sendMessage(request("again"))));
told.sent = sent;
told.got = brief(await client.getTask(byId(sent.id))).state;
told.without = brief(plain(await client.sendMessage(request("no credential", {}, { credential: false })))).state;

const waiting = client.sendMessageStream(request("wait"));
const first = plain((await waiting.next()).value);
let begun = null;
for (let event = await waiting.next(); !event.done; event = await waiting.next()) {
  begun = shown(event.value);
  if (said(plain(event.value).status)?.startsWith("Asking")) break;
}
told.begun = begun;
await fetch(`${TOOLS}/started`);
told.canceled = brief(await client.cancelTask(byId(first.id))).state;
const rest = [];
for await (const event of waiting) rest.push(shown(event));
told.rest = rest;
told.twice = await failure(() => client.cancelTask(byId(first.id)));
told.unknown = await failure(() => client.getTask(byId("11111111-1111-4111-8111-111111111111")));
console.log(JSON.stringify(told));

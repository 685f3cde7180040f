// The official JavaScript client of A2A 1.0 uses a served agent: prints what it saw as JSON.
// URL is the address of the agent, BINDING the one binding it may use, TOKEN lets it in, HOOK is to be notified.
import { ClientFactory, JsonRpcTransportFactory, RestTransportFactory, DefaultAgentCardResolver } from "@a2a-js/sdk/client";
import { Role, TaskState } from "@a2a-js/sdk";

const { URL: url, BINDING, TOKEN, HOOK } = process.env;
const authorized = (input, init) =>
  fetch(input, { ...init, headers: { ...Object.fromEntries(new Headers(init?.headers)), Authorization: `Bearer ${TOKEN}` } });
const options = { fetchImpl: authorized };
const transports = {
  JSONRPC: new JsonRpcTransportFactory(options),
  "HTTP+JSON": new RestTransportFactory(options),
};
const factory = new ClientFactory({
  transports: [transports[BINDING]],
  cardResolver: new DefaultAgentCardResolver(options),
});
const client = await factory.createFromUrl(url);

let count = 0;
const request = (text, message = {}, configuration = undefined) => ({
  tenant: "",
  message: {
    messageId: `js-${BINDING}-${(count += 1)}`,
    contextId: "",
    taskId: "",
    role: Role.ROLE_USER,
    parts: [{ content: { $case: "text", value: text }, metadata: undefined, filename: "", mediaType: "" }],
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
    ...message,
  },
  configuration,
  metadata: undefined,
});
const task = (result) => result.payload?.value ?? result;
const said = (status) => status?.message?.parts?.[0]?.content?.value ?? null;
const brief = (one) => ({ id: one.id, context: one.contextId, state: TaskState[one.status.state], said: said(one.status) });
const failure = async (work) => {
  try {
    await work();
    return null;
  } catch (error) {
    return error.constructor.name;
  }
};
const kinds = async (stream) => {
  const seen = [];
  for await (const event of stream) seen.push(event.payload.$case);
  return seen;
};

const told = { version: client.protocolVersion };
const sent = brief(task(await client.sendMessage(request("hello"))));
told.sent = sent;
told.streamed = await kinds(client.sendMessageStream(request("chunks")));
const got = await client.getTask({ tenant: "", id: sent.id });
told.got = brief(got).state;
told.history = got.history.length;
told.listed = (await client.listTasks({ tenant: "", contextId: sent.context, status: 0, pageToken: "" })).tasks.map((one) => one.id);
const asked = brief(task(await client.sendMessage(request("ask"))));
told.asked = asked.state;
told.answered = brief(task(await client.sendMessage(request("the left one", { taskId: asked.id }))));
told.sameTask = told.answered.id === asked.id && told.answered.context === asked.context;

const waiting = client.sendMessageStream(request("wait"));
const first = task((await waiting.next()).value);
const again = client.resubscribeTask({ tenant: "", id: first.id });
told.resubscribed = (await again.next()).value.payload.$case;
told.canceled = brief(await client.cancelTask({ tenant: "", id: first.id, metadata: undefined })).state;
told.rest = await kinds(waiting);
told.restAgain = await kinds(again);

const parked = brief(task(await client.sendMessage(request("ask"))));
const hook = { tenant: "", id: "", taskId: parked.id, url: HOOK, token: "t-1", authentication: undefined };
const config = await client.createTaskPushNotificationConfig(hook);
const named = { tenant: "", taskId: parked.id, id: config.id };
told.push = {
  got: (await client.getTaskPushNotificationConfig(named)).url,
  listed: (await client.listTaskPushNotificationConfig({ tenant: "", taskId: parked.id, pageSize: 0, pageToken: "" })).configs.length,
  deleted: await failure(() => client.deleteTaskPushNotificationConfig(named)),
  left: (await client.listTaskPushNotificationConfig({ tenant: "", taskId: parked.id, pageSize: 0, pageToken: "" })).configs.length,
};
told.extended = (await client.getAgentCard()).description;
told.unknown = await failure(() => client.getTask({ tenant: "", id: "unknown" }));
told.twice = await failure(() => client.cancelTask({ tenant: "", id: first.id, metadata: undefined }));
console.log(JSON.stringify(told));

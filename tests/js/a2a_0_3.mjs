// The official JavaScript client of A2A 0.3 uses a served agent: prints what it saw as JSON.
// URL is the address of the agent, BINDING the one binding it may use, TOKEN lets it in, HOOK is to be notified.
import { ClientFactory, JsonRpcTransportFactory, RestTransportFactory, DefaultAgentCardResolver } from "a2a-js-sdk-0.3/client";

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
const request = (text, message = {}) => ({
  message: {
    kind: "message",
    messageId: `js-${BINDING}-0.3-${(count += 1)}`,
    role: "user",
    parts: [{ kind: "text", text }],
    ...message,
  },
});
const brief = (one) => ({ id: one.id, context: one.contextId, state: one.status.state, said: one.status.message?.parts?.[0]?.text ?? null });
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
  for await (const event of stream) seen.push(event.kind);
  return seen;
};

const told = {};
const sent = brief(await client.sendMessage(request("hello")));
told.sent = sent;
told.streamed = await kinds(client.sendMessageStream(request("chunks")));
told.got = brief(await client.getTask({ id: sent.id })).state;
const asked = brief(await client.sendMessage(request("ask")));
told.asked = asked.state;
told.answered = brief(await client.sendMessage(request("the left one", { taskId: asked.id })));
told.sameTask = told.answered.id === asked.id && told.answered.context === asked.context;

const waiting = client.sendMessageStream(request("wait"));
const first = (await waiting.next()).value;
const again = client.resubscribeTask({ id: first.id });
told.resubscribed = (await again.next()).value.kind;
told.canceled = brief(await client.cancelTask({ id: first.id })).state;
told.rest = await kinds(waiting);
told.restAgain = await kinds(again);

const parked = brief(await client.sendMessage(request("ask")));
const hook = { taskId: parked.id, pushNotificationConfig: { url: HOOK, token: "t-1" } };
const config = await client.setTaskPushNotificationConfig(hook);
const named = { id: parked.id, pushNotificationConfigId: config.pushNotificationConfig.id };
told.push = {
  got: (await client.getTaskPushNotificationConfig(named)).pushNotificationConfig.url,
  listed: (await client.listTaskPushNotificationConfig({ id: parked.id })).length,
  deleted: await failure(() => client.deleteTaskPushNotificationConfig(named)),
  left: (await client.listTaskPushNotificationConfig({ id: parked.id })).length,
};
// Over HTTP+JSON this client wants protobuf's card, where the specification and the Python SDK have that of the JSON schema.
told.extended = BINDING === "JSONRPC" ? (await client.getAgentCard()).description : null;
told.unknown = await failure(() => client.getTask({ id: "unknown" }));
told.twice = await failure(() => client.cancelTask({ id: first.id }));
console.log(JSON.stringify(told));

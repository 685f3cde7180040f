// The official TypeScript client of MCP calls a server: prints what it saw as JSON.
// STATIC is the address of the server with a static TOKEN, OAUTH that of the one with client credentials.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { ClientCredentialsProvider } from "@modelcontextprotocol/sdk/client/auth-extensions.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const { STATIC, OAUTH, TOKEN, ISSUER, CLIENT, SECRET } = process.env;

const connected = async (url, options) => {
  const client = new Client({ name: "foreign", version: "1.0.0" });
  await client.connect(new StreamableHTTPClientTransport(new URL(url), options));
  return client;
};
const bearer = (token) => ({ requestInit: { headers: { Authorization: `Bearer ${token}` } } });
const credentials = (clientSecret) => ({
  authProvider: new ClientCredentialsProvider({ clientId: CLIENT, clientSecret, expectedIssuer: ISSUER }),
});
const failure = async (work) => {
  try {
    await work();
    return null;
  } catch (error) {
    return { name: error.constructor.name, code: error.code ?? error.errorCode ?? null };
  }
};

const told = {};
{
  const client = await connected(STATIC, bearer(TOKEN));
  told.server = client.getServerVersion();
  told.tools = (await client.listTools()).tools;
  told.found = await client.callTool({ name: "find_books", arguments: { words: "moby" } });
  told.missing = await client.callTool({ name: "find_books", arguments: { words: "nothing" } });
  told.wrong = await client.callTool({ name: "find_books", arguments: { words: 5, sort: "colour" } });
  told.unknown = await failure(() => client.callTool({ name: "no_such_tool", arguments: {} }));
  told.many = (
    await Promise.all([1, 2, 3, 4, 5].map(() => client.callTool({ name: "whoami", arguments: {} })))
  ).map((result) => result.structuredContent.client_id);
  told.timeout = await failure(() => client.callTool({ name: "wait", arguments: {} }, undefined, { timeout: 50 }));
  told.after = (await client.callTool({ name: "whoami", arguments: {} })).isError ?? false;
  await client.close();
}
told.refused = await failure(() => connected(STATIC, bearer("another-token")));
{
  const client = await connected(OAUTH, credentials(SECRET));
  told.caller = (await client.callTool({ name: "whoami", arguments: {} })).structuredContent;
  await client.close();
}
told.wrongSecret = await failure(() => connected(OAUTH, credentials("wrong-secret")));
console.log(JSON.stringify(told));

// Every token mode of Corti's own SDK, printed as one JSON document.
// Variables: BASE (origin of the double or of the platform), HOSTED (a token whose issuer is a hosted region), SDK.
import { createHash } from "node:crypto";

const { BASE, HOSTED, SDK } = process.env;
const { CortiAuth, CortiClient } = await import(SDK);
const environment = { base: `${BASE}/v2`, agents: BASE, login: `${BASE}/realms`, wss: "ws://127.0.0.1/audio-bridge/v2" };
const place = { environment, tenantName: "base" };
const clientId = "local-client";
const clientSecret = "local-secret";
const redirectUri = "http://127.0.0.1/callback";
const login = new CortiAuth(place);

const code = async (url) => {
  let answer = await fetch(url, { redirect: "manual" });
  if (answer.status === 200) {
    // A page to sign in at, as a person sees it; the double has somebody signed in already.
    const page = await answer.text();
    const form = new URLSearchParams({ username: "jane", password: "jane-password" });
    const unescaped = (text) => text.replaceAll("&quot;", '"').replaceAll("&#x27;", "'").replaceAll("&amp;", "&");
    for (const [, name, value] of page.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)) {
      form.set(name, unescaped(value));
    }
    const action = new URL(unescaped(page.match(/action="([^"]*)"/)[1]), url);
    const cookie = answer.headers.getSetCookie().map((given) => given.split(";")[0]).join("; ");
    answer = await fetch(action, { method: "POST", body: form, headers: { cookie }, redirect: "manual" });
  }
  const to = new URL(answer.headers.get("location"));
  return to.searchParams.get("code");
};
const listed = async (auth, where = place) => (await new CortiClient({ ...where, auth }).agents.list()).length;
const refusal = async (call) => {
  try {
    await call;
    return "no refusal";
  } catch (error) {
    return { name: error.constructor.name, status: error.statusCode, error: error.body?.error };
  }
};
const seen = (token) => ({
  type: token.tokenType,
  expiresIn: token.expiresIn,
  refreshable: Boolean(token.refreshToken),
  refreshExpiresIn: token.refreshExpiresIn,
});

const codeUrl = await login.authorizeURL({ clientId, redirectUri });
const verifier = "v".repeat(50);
const codeChallenge = createHash("sha256").update(verifier).digest("base64url");
const pkceUrl = await login.authorizeURL({ clientId, redirectUri, codeChallenge });
const ropc = await login.getRopcFlowToken({ clientId, username: "jane", password: "jane-password", scopes: ["profile"] });
const pkce = { clientId, redirectUri, codeVerifier: verifier };
// Clients up to 0.9 use neither password nor code themselves; they are given the token.
const old = SDK !== "@corti/sdk";
const asJane = async () =>
  old ? { accessToken: ropc.accessToken } : { clientId, username: "jane", password: "jane-password" };
const byCode = async () => {
  const given = { clientId, clientSecret, redirectUri, code: await code(codeUrl) };
  return old ? { accessToken: (await login.getCodeFlowToken(given)).accessToken } : given;
};
const byPkce = async () => {
  const given = { ...pkce, code: await code(pkceUrl) };
  return old ? { accessToken: (await login.getPkceFlowToken(given)).accessToken } : given;
};

console.log(
  JSON.stringify({
    client: seen(await login.getToken({ clientId, clientSecret, scopes: ["profile", "openid"] })),
    ropc: seen(ropc),
    refreshed: seen(await login.refreshToken({ clientId, refreshToken: ropc.refreshToken })),
    code: seen(await login.getCodeFlowToken({ clientId, clientSecret, redirectUri, code: await code(codeUrl) })),
    pkce: seen(await login.getPkceFlowToken({ ...pkce, code: await code(pkceUrl) })),
    calls: [
      await listed({ clientId, clientSecret }),
      await listed(await asJane()),
      await listed(await byCode()),
      await listed(await byPkce()),
      await listed({ accessToken: ropc.accessToken }),
      await listed({ refreshAccessToken: async () => ({ accessToken: ropc.accessToken, expiresIn: 300 }) }),
      await listed({ accessToken: HOSTED }),
      await listed({ clientId, clientSecret }, { baseUrl: BASE, tenantName: "base" }),
    ],
    refusals: {
      id: await refusal(login.getToken({ clientId: "nobody", clientSecret })),
      secret: await refusal(login.getToken({ clientId, clientSecret: "wrong" })),
      password: await refusal(login.getRopcFlowToken({ clientId, username: "jane", password: "wrong" })),
      code: await refusal(login.getCodeFlowToken({ clientId, clientSecret, redirectUri, code: "none" })),
      verifier: await refusal(login.getPkceFlowToken({ ...pkce, code: await code(pkceUrl), codeVerifier: "w".repeat(50) })),
      refresh: await refusal(login.refreshToken({ clientId, refreshToken: "none" })),
      token: await refusal(listed({ accessToken: "opaque" })),
    },
  }),
);

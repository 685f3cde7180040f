// Every token mode of Corti's own SDK against the double, printed as one JSON document.
// Variables: BASE (origin of the double), HOSTED (a token whose issuer is a hosted region).
import { createHash } from "node:crypto";
import { CortiAuth, CortiClient } from "@corti/sdk";

const { BASE, HOSTED } = process.env;
const environment = { base: `${BASE}/v2`, agents: BASE, login: `${BASE}/realms`, wss: "ws://127.0.0.1/audio-bridge/v2" };
const place = { environment, tenantName: "base" };
const clientId = "local-client";
const clientSecret = "local-secret";
const redirectUri = "http://127.0.0.1/callback";
const login = new CortiAuth(place);

const code = async (url) => {
  const answer = await fetch(url, { redirect: "manual" });
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

console.log(
  JSON.stringify({
    client: seen(await login.getToken({ clientId, clientSecret, scopes: ["profile", "openid"] })),
    ropc: seen(ropc),
    refreshed: seen(await login.refreshToken({ clientId, refreshToken: ropc.refreshToken })),
    code: seen(await login.getCodeFlowToken({ clientId, clientSecret, redirectUri, code: await code(codeUrl) })),
    pkce: seen(await login.getPkceFlowToken({ ...pkce, code: await code(pkceUrl) })),
    calls: [
      await listed({ clientId, clientSecret }),
      await listed({ clientId, username: "jane", password: "jane-password" }),
      await listed({ clientId, clientSecret, redirectUri, code: await code(codeUrl) }),
      await listed({ ...pkce, code: await code(pkceUrl) }),
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

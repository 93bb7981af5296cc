// oauth4webapi as a partner would use it: argv = issuer, way, JSON of what the way needs. Prints JSON.
import * as oauth from "oauth4webapi";

const [issuer, way, json] = process.argv.slice(2);
const given = JSON.parse(json);
const insecure = { [oauth.allowInsecureRequests]: true };
const server = await oauth.processDiscoveryResponse(
  new URL(issuer),
  await oauth.discoveryRequest(new URL(issuer), { algorithm: "oauth2", ...insecure }),
);

async function ask(token) {
  const answer = await oauth.protectedResourceRequest(
    token, "POST", new URL(`${issuer}/graphql`), new Headers({ "content-type": "application/json" }),
    JSON.stringify({ query: "{ viewer { code } }" }), insecure,
  );
  return (await answer.json()).data.viewer.code;
}

async function machine(auth) {
  const client = { client_id: given.clientId };
  const answer = await oauth.clientCredentialsGrantRequest(server, client, auth, { scope: "hub:read" }, insecure);
  const tokens = await oauth.processClientCredentialsResponse(server, client, answer);
  return { scope: tokens.scope, code: await ask(tokens.access_token) };
}

const ways = {
  secret: () => machine(oauth.ClientSecretBasic(given.secret)),
  async key() {
    const key = await crypto.subtle.importKey("jwk", given.jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
    // The audience must be the issuer as one string; the library's default is just that.
    return machine(oauth.PrivateKeyJwt({ key }));
  },
  async person() {
    const client = { client_id: given.clientId };
    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const url = new URL(server.authorization_endpoint);
    url.search = new URLSearchParams({
      response_type: "code", client_id: given.clientId, redirect_uri: given.redirect, scope: "hub:read", state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
    });
    const sent = await fetch(url, { redirect: "manual", headers: { cookie: given.cookie } });
    const back = oauth.validateAuthResponse(server, client, new URL(sent.headers.get("location")), state);
    const answer = await oauth.authorizationCodeGrantRequest(
      server, client, oauth.None(), back, given.redirect, verifier, insecure,
    );
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, answer);
    const again = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), tokens.refresh_token, insecure);
    const next = await oauth.processRefreshTokenResponse(server, client, again);
    const ended = await oauth.revocationRequest(server, client, oauth.None(), next.refresh_token, insecure);
    await oauth.processRevocationResponse(ended);
    return { scope: tokens.scope, code: given.askFirst ? await ask(tokens.access_token) : null, rotated: next.refresh_token !== tokens.refresh_token };
  },
};
console.log(JSON.stringify(await ways[way]()));

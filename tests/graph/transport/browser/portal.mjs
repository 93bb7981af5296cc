// A partner's frontend on an origin of its own logs somebody in at the partner's identity provider; prints what it got.
import { createServer } from "node:http";
import { chromium } from "playwright-core";

const [executablePath, userDataDir, hub, port, client] = process.argv.slice(2);
const portal = `http://localhost:${port}`;
const html = `<!doctype html><meta charset="utf-8"><title>Portal</title><pre id="out"></pre><script type="module">
const query = new URLSearchParams(location.search), kept = sessionStorage;
const text = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/[+]/g, "-").replace(/[/]/g, "_").replace(/=/g, "");
if (!query.has("state")) {
  kept.verifier = text(crypto.getRandomValues(new Uint8Array(32)));
  kept.state = text(crypto.getRandomValues(new Uint8Array(16)));
  const challenge = text(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(kept.verifier)));
  location.assign("${hub}/oauth/authorize?" + new URLSearchParams({ response_type: "code", client_id: "${client}",
    redirect_uri: "${portal}/", state: kept.state, code_challenge: challenge, code_challenge_method: "S256", scope: "hub:read" }));
} else {
  const body = new URLSearchParams({ grant_type: "authorization_code", client_id: "${client}", redirect_uri: "${portal}/",
    code: query.get("code") ?? "", code_verifier: kept.verifier });
  const tokens = await (await fetch("${hub}/oauth/token", { method: "POST", body })).json();
  const asked = await fetch("${hub}/graphql", { method: "POST", body: JSON.stringify({ query: "{ viewer { code } me { name } }" }),
    headers: { "Content-Type": "application/json", Authorization: "Bearer " + tokens.access_token } });
  const { data } = await asked.json();
  out.textContent = JSON.stringify({ data, iss: query.get("iss"), same: query.get("state") === kept.state, scope: tokens.scope });
  out.dataset.done = "";
}
</script>`;
const server = createServer((_, response) => response.setHeader("Content-Type", "text/html").end(html));
await new Promise((ready) => server.listen(Number(port), "localhost", ready));
const context = await chromium.launchPersistentContext(userDataDir, {
  executablePath,
  headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"],
});
const report = { problems: [] };
const page = context.pages()[0] ?? (await context.newPage());
page.on("pageerror", (error) => report.problems.push(String(error)));
await page.goto(portal);
await page.waitForURL(`${hub}/login?**`);
await page.fill("#firm", "ACME");
await page.click("#provider");
await page.waitForSelector("#out[data-done]", { state: "attached" });
report.first = JSON.parse(await page.textContent("#out"));
await page.goto(portal); // logged in at the hub: straight through, without the login page
await page.waitForSelector("#out[data-done]", { state: "attached" });
report.again = JSON.parse(await page.textContent("#out"));
await context.close();
server.close();
console.log(JSON.stringify(report));

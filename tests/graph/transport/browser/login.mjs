// Follows an invitation, works, logs out and in again, as a person would; prints what happened as JSON.
import { chromium } from "playwright-core";

const [executablePath, userDataDir, url, link, account, screenshots] = process.argv.slice(2);
const context = await chromium.launchPersistentContext(userDataDir, {
  executablePath,
  headless: true,
  viewport: { width: 1280, height: 800 },
  colorScheme: "light",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
  ],
});
const report = { requests: [], problems: [] };
context.on("request", (request) => report.requests.push(request.url()));
const page = context.pages()[0] ?? (await context.newPage());
page.on("console", (message) => message.type() === "error" && report.problems.push(`${message.text()} @ ${message.location().url}`));
page.on("pageerror", (error) => report.problems.push(String(error)));
const password = "correct horse battery staple";

await page.goto(`${url}${link}`);
await page.waitForSelector("#form:not([hidden])");
report.invited = await page.textContent("#form p");
if (screenshots) await page.screenshot({ path: `${screenshots}/invitation.png` });
await page.fill("#password", password);
await page.click("#submit");
await page.waitForURL(`${url}/explore`);
await page.waitForSelector("#state[data-mood=good]");
report.state = await page.textContent("#state");
await page.click("#query .cm-content");
await page.keyboard.press("Control+a");
await page.keyboard.press("Delete");
await page.keyboard.insertText("{ viewer { code } me { roles } }");
await page.keyboard.press("Control+Enter");
await page.waitForSelector("#result[data-state=done]");
report.result = (await page.locator("#result .cm-line").allTextContents()).join("\n");
report.stored = await page.evaluate(() => [document.cookie, { ...localStorage }, sessionStorage.getItem("scmhub.token")]);
report.cookies = await context.cookies();

await page.click("#logout");
await page.waitForSelector("#login:not([hidden])");
report.after = await page.textContent("#state");
report.left = await context.cookies();

await page.goto(`${url}/login?next=//evil.example/x`);
if (screenshots) await page.screenshot({ path: `${screenshots}/login.png` });
await page.fill("#firm", "ACME");
await page.fill("#account", account);
await page.fill("#password", password);
await page.click("#submit");
await page.waitForURL(`${url}/explore`);
await page.waitForSelector("#state[data-mood=good]");
await page.goto(`${url}/login?next=/explore%23docs`);
await page.waitForSelector("#known:not([hidden])");
report.known = await page.textContent("#name");
await page.click("#continue");
await page.waitForURL(`${url}/explore#docs`);
await context.close();
console.log(JSON.stringify(report));

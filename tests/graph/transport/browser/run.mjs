// Opens the explorer in the system's Chromium as a person would, and prints what happened as JSON.
import { chromium } from "playwright-core";

const [executablePath, userDataDir, url, token, screenshots] = process.argv.slice(2);
const context = await chromium.launchPersistentContext(userDataDir, {
  executablePath,
  headless: true,
  viewport: { width: 1440, height: 860 },
  colorScheme: "light",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    // Whatever is not the hub has no address: a stray request fails instead of leaving.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
  ],
});
const report = { requests: [], problems: [] };
context.on("request", (request) => report.requests.push(request.url()));
const page = context.pages()[0] ?? (await context.newPage());
page.on("console", (message) => message.type() === "error" && report.problems.push(`${message.text()} @ ${message.location().url}:${message.location().lineNumber}:${message.location().columnNumber}`));
page.on("pageerror", (error) => report.problems.push(String(error)));

await page.goto(`${url}/explore`);
report.stateBefore = await page.textContent("#state");
await page.fill("#token", token);
await page.press("#token", "Enter");
await page.waitForSelector("#state[data-mood=good]");

await page.click("#query .cm-content");
// Deleted first: typing over a selection makes Chromium's own editing try an inline style, which the policy blocks.
await page.keyboard.press("Control+a");
await page.keyboard.press("Delete");
await page.keyboard.type("query Mine($n: Int) { me ord");
await page.waitForSelector(".cm-tooltip-autocomplete li");
report.completions = await page.locator(".cm-tooltip-autocomplete li .cm-completionLabel").allTextContents();
await page.keyboard.press("Escape");
await page.keyboard.press("Control+a");
await page.keyboard.press("Delete");
await page.keyboard.insertText("query Mine($n: Int) {\n  me\n  orders(first: $n) {\n    totalCount\n    nodes { number }\n  }\n}\n");
await page.click("#variables .cm-content");
await page.keyboard.insertText('{ "n": 3 }');
await page.keyboard.press("Control+Enter");
await page.waitForSelector("#result[data-state=done]");
report.result = (await page.locator("#result .cm-line").allTextContents()).join("\n");
report.figures = await page.locator("#figures .figure").allTextContents();

await page.click("#tab-docs");
await page.click("#docs .row .type >> text=Query");
report.fields = await page.locator("#docs .signature .name").allTextContents();
report.stored = await page.evaluate(() => [Object.keys(sessionStorage), Object.keys(localStorage), document.cookie]);
if (screenshots) {
  await page.screenshot({ path: `${screenshots}/light.png` });
  await page.emulateMedia({ colorScheme: "dark" });
  await page.screenshot({ path: `${screenshots}/dark.png` });
  await page.goto(`${url}/`);
  await page.screenshot({ path: `${screenshots}/landing.png` });
}
await context.close();
console.log(JSON.stringify(report));

// The explorer: token, query, variables, result, documentation and examples on one page.
import { docsPanel } from "./docs.js";
import { known, post } from "./door.js";
import { byId, h } from "./dom.js";
import { queryEditor, resultView, setText, text, updateSchema, variablesEditor } from "./editors.js";
import { ask, curl, readSchema } from "./hub.js";

const kept = {
  get: (name, otherwise = "") => sessionStorage.getItem(`scmhub.${name}`) ?? otherwise,
  set: (name, value) => sessionStorage.setItem(`scmhub.${name}`, value),
};

const query = queryEditor(byId("query"), kept.get("query", "query WhoAmI {\n  __typename\n}\n"), run);
const variables = variablesEditor(byId("variables"), kept.get("variables", ""), run);
const result = resultView(byId("result"));
const docs = docsPanel(byId("docs"));
const token = byId("token");
let running = false;

function request() {
  const source = text(variables).trim();
  const operation = nameAtCursor();
  return {
    query: text(query),
    ...(source ? { variables: JSON.parse(source) } : {}),
    ...(operation ? { operationName: operation } : {}),
  };
}

/** With several operations, the one the cursor is in runs. */
function nameAtCursor() {
  const found = [...text(query).matchAll(/^\s*(?:query|mutation|subscription)\s+(\w+)/gm)];
  if (found.length < 2) return null;
  const cursor = query.state.selection.main.head;
  return (found.filter((one) => one.index <= cursor).at(-1) ?? found[0])[1];
}

async function run() {
  if (running) return;
  if (!token.value && !known()) return say("Log in, or enter an access token.", "bad", token.focus());
  kept.set("query", text(query));
  kept.set("variables", text(variables));
  let asked;
  try {
    asked = request();
  } catch (error) {
    return say(`The variables are not JSON: ${error.message}`, "bad");
  }
  running = byId("run").disabled = true;
  try {
    show(await ask(token.value.trim(), asked));
  } catch (error) {
    say(`The hub cannot be reached: ${error.message}`, "bad");
  } finally {
    running = byId("run").disabled = false;
  }
}

function show(done) {
  setText(result, JSON.stringify(done.answer, null, 2));
  const cost = done.answer.extensions?.cost;
  const figures = [
    [done.status, done.status === 200 && !done.answer.errors ? "good" : "bad", "HTTP status"],
    [`${done.milliseconds.toFixed(0)} ms`, "", "time in the browser"],
    [`${(done.bytes / 1024).toFixed(1)} KiB`, "", "size of the answer"],
    cost && [`cost ${cost.requestedQueryCost}`, "", "cost the hub charged"],
    done.requestId && [done.requestId, "", "request id"],
  ].filter(Boolean);
  byId("figures").replaceChildren(...figures.map(([value, mood, title]) => h(`span.figure${mood && `.${mood}`}`, { title }, String(value))));
  byId("headers").replaceChildren(...done.headers.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
  byId("result").dataset.state = "done";
}

function say(message, mood = "") {
  byId("figures").replaceChildren(h(`span.figure${mood && `.${mood}`}`, {}, message));
}

let reading = 0;
async function useToken() {
  kept.set("token", token.value);
  const mine = ++reading;
  const state = byId("state");
  state.dataset.mood = "";
  const session = !token.value && known();
  byId("login").hidden = session;
  byId("logout").hidden = !session;
  state.textContent = token.value || session ? "reading the schema" : "no token";
  if (!token.value && !session) return docs.use(null);
  try {
    const schema = await readSchema(token.value.trim());
    if (mine !== reading) return;
    updateSchema(query, schema);
    docs.use(schema);
    state.textContent = session ? `logged in as ${await myName()}` : "ready";
    state.dataset.mood = "good";
  } catch (error) {
    if (mine !== reading) return;
    state.textContent = error.message;
    state.dataset.mood = "bad";
    if (session && error.message === "logged out") {
      known(false);
      useToken();
    }
  }
}

async function myName() {
  const { answer } = await ask("", { query: "{ me { name } }" });
  return answer.data?.me?.name ?? "nobody";
}

async function logout() {
  await post("/session/end", {});
  known(false);
  useToken();
}

async function loadExamples() {
  const response = await fetch("/static/examples.json", { credentials: "omit" });
  const examples = response.ok ? await response.json() : [];
  const use = (example) => {
    setText(query, example.query);
    setText(variables, example.variables ? JSON.stringify(example.variables, null, 2) : "");
    query.focus();
  };
  byId("examples").replaceChildren(
    ...examples.map((one) =>
      h("button.example", { type: "button", onclick: () => use(one) }, h("strong", {}, one.title), h("span", {}, one.description ?? "")),
    ),
  );
}

function choose(name) {
  for (const tab of document.querySelectorAll("[role=tab]")) {
    const chosen = tab.id === `tab-${name}`;
    tab.setAttribute("aria-selected", chosen);
    byId(tab.getAttribute("aria-controls")).hidden = !chosen;
  }
}

async function copyCurl() {
  try {
    await navigator.clipboard.writeText(curl(request()));
    say("Copied; put your token into $SCMHUB_TOKEN.", "good");
  } catch (error) {
    say(`Not copied: ${error.message}`, "bad");
  }
}

token.value = kept.get("token");
token.addEventListener("change", useToken);
byId("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  useToken();
});
byId("run").addEventListener("click", run);
byId("logout").addEventListener("click", logout);
byId("curl").addEventListener("click", copyCurl);
byId("tab-examples").addEventListener("click", () => choose("examples"));
byId("tab-docs").addEventListener("click", () => choose("docs"));
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.defaultPrevented) run();
});
if (location.hash === "#docs") choose("docs");
useToken();
loadExamples();

// Talks to the hub this page came from, and to nobody else.
import { buildClientSchema, getIntrospectionQuery } from "graphql";

const ENDPOINT = "/graphql";
const TYPE = "application/graphql-response+json";

/** With a token by that token alone; without one by the session of this browser. */
function headers(token) {
  const common = { "Content-Type": "application/json", Accept: `${TYPE}, application/json;q=0.9` };
  return token ? { ...common, Authorization: `Bearer ${token}` } : { ...common, "X-Scmhub": "1" };
}

/** One operation; the answer with its figures. */
export async function ask(token, request) {
  const started = performance.now();
  const response = await fetch(ENDPOINT, {
    method: "POST",
    headers: headers(token),
    body: JSON.stringify(request),
    credentials: token ? "omit" : "same-origin",
    cache: "no-store",
  });
  const body = await response.text();
  return {
    status: response.status,
    milliseconds: performance.now() - started,
    bytes: new Blob([body]).size,
    requestId: response.headers.get("x-request-id"),
    headers: [...response.headers],
    answer: parsed(body),
  };
}

function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    return { errors: [{ message: "The hub's answer is not JSON.", extensions: { code: "NOT_JSON" } }] };
  }
}

/** The schema, or null if the token does not open it. */
export async function readSchema(token) {
  const { status, answer } = await ask(token, { query: getIntrospectionQuery({ inputValueDeprecation: true }) });
  if (!answer.data) throw new Error(status === 401 ? (token ? "The token is not valid." : "logged out") : (answer.errors?.[0]?.message ?? "No schema."));
  return buildClientSchema(answer.data);
}

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/** The request as a shell command; the token stays in a variable of the shell. */
export function curl(request) {
  return [
    `curl ${quoted(location.origin + ENDPOINT)}`,
    `  -H 'Content-Type: application/json'`,
    `  -H ${quoted(`Accept: ${TYPE}`)}`,
    `  -H "Authorization: Bearer $SCMHUB_TOKEN"`,
    `  --data-raw ${quoted(JSON.stringify(request))}`,
  ].join(" \\\n");
}

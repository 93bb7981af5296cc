// Follows the change feed with a published client and prints each item as a line of JSON.
// argv: transport ("ws" or "sse"), URL, path of a file that holds the current token.
import { readFileSync } from 'node:fs';
import WebSocket from 'ws';
import { createClient as createWs } from 'graphql-ws';
import { createClient as createSse } from 'graphql-sse';

const [transport, url, tokenFile, after = null] = process.argv.slice(2);
const token = () => `Bearer ${readFileSync(tokenFile, 'utf8').trim()}`;
const soon = () => new Promise((resolve) => setTimeout(resolve, 20));
const say = (line) => process.stdout.write(JSON.stringify(line) + '\n');
const options = { retryAttempts: 50, retryWait: soon };
const client = transport === 'ws'
  ? createWs({ ...options, url, webSocketImpl: WebSocket, connectionParams: () => ({ Authorization: token() }),
      on: { closed: (event) => say({ closed: event.code }) } })
  : createSse({ ...options, url, headers: () => ({ Authorization: token() }) });
const payload = {
  query: `subscription ($after: String) { changes(after: $after) {
    __typename cursor ... on Changed { id kind recordId action record { ... on Order { buyerNumber } } } } }`,
  variables: { after },
};
client.subscribe(payload, {
  next(result) {
    if (result.errors) return say({ errors: result.errors });
    payload.variables.after = result.extensions.cursor; // a retry sends the same object anew
    say(result.data.changes);
  },
  error(error) {
    const text = Array.isArray(error) ? error[0].message : error.reason ?? error.message ?? String(error);
    say({ error: text, code: error.code });
    process.exit(1);
  },
  complete() { say({ complete: true }); process.exit(0); },
});

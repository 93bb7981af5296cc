// Follows the change feed with urql and prints each item as a line of JSON.
// argv: transport ("ws": graphql-ws, "sse": event streams by fetch), URL, path of a file that holds the current token.
import { readFileSync } from 'node:fs';
import WebSocket from 'ws';
import { createClient as createSocket } from 'graphql-ws';
import { createClient, fetchExchange, gql, subscriptionExchange } from '@urql/core';

const [transport, url, tokenFile, start = null] = process.argv.slice(2);
const token = () => `Bearer ${readFileSync(tokenFile, 'utf8').trim()}`;
const say = (line) => process.stdout.write(JSON.stringify(line) + '\n');
const socket = () => createSocket({
  url, webSocketImpl: WebSocket, connectionParams: () => ({ Authorization: token() }),
  retryAttempts: 50, shouldRetry: () => true, retryWait: () => new Promise((resolve) => setTimeout(resolve, 20)),
  on: { closed: (event) => say({ closed: event.code }) },
});
// graphql-ws sends the same payload anew at each connect: so it goes on where it was.
const resuming = (sockets) => subscriptionExchange({
  forwardSubscription(request) {
    const payload = { query: request.query, variables: { ...request.variables } };
    return { subscribe: (sink) => ({ unsubscribe: sockets.subscribe(payload, {
      next(result) {
        if (result.extensions?.cursor) payload.variables.after = result.extensions.cursor;
        sink.next(result);
      },
      error: (error) => sink.error(error),
      complete: () => sink.complete(),
    }) }) };
  },
});
const client = createClient({
  url, preferGetMethod: false, fetchSubscriptions: true, fetchOptions: () => ({ headers: { Authorization: token() } }),
  exchanges: [transport === 'ws' ? resuming(socket()) : fetchExchange],
});
const document = gql`subscription ($after: String) { changes(after: $after) {
  __typename cursor ... on Changed { id kind recordId action record { id ... on Order { buyerNumber } } } } }`;

// By fetch a stream that was cut is over for urql (hasNext is false): it is subscribed to anew from its last cursor.
let after = start;
function follow() {
  const { unsubscribe } = client.subscription(document, { after }).subscribe(({ data, error, extensions, hasNext }) => {
    if (error && !error.networkError) {
      say({ error: error.message });
      process.exit(1);
    }
    const news = !error && extensions?.cursor && extensions.cursor !== after;
    if (news) {
      after = extensions.cursor;
      say(data.changes);
    }
    if (transport === 'sse' && (error || hasNext === false)) setTimeout(() => { unsubscribe(); follow(); }, 20);
  });
}
follow();

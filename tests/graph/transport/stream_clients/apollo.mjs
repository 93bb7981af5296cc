// Follows the change feed with Apollo Client and prints each item as a line of JSON.
// argv: transport ("ws": the graphql-ws link, "sse": multipart over HTTP), URL, path of a file that holds the current token.
import { readFileSync } from 'node:fs';
import WebSocket from 'ws';
import { tap } from 'rxjs';
import { createClient } from 'graphql-ws';
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';
import { RetryLink } from '@apollo/client/link/retry';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';

const [transport, url, tokenFile, after = null] = process.argv.slice(2);
const token = () => `Bearer ${readFileSync(tokenFile, 'utf8').trim()}`;
const say = (line) => process.stdout.write(JSON.stringify(line) + '\n');

// Whoever sends the operation again, link or library, sends these variables: so it goes on where it was.
const resume = new ApolloLink((operation, forward) => forward(operation).pipe(tap((result) => {
  if (result.extensions?.cursor) operation.variables.after = result.extensions.cursor;
})));
const socket = () => new GraphQLWsLink(createClient({
  url, webSocketImpl: WebSocket, connectionParams: () => ({ Authorization: token() }),
  retryAttempts: 50, shouldRetry: () => true, retryWait: () => new Promise((resolve) => setTimeout(resolve, 20)),
  on: { closed: (event) => say({ closed: event.code }) },
}));
const parts = () => ApolloLink.from([
  new RetryLink({ delay: () => 20, attempts: (count, operation, error) => !error.extensions }),
  resume,
  new SetContextLink(() => ({ headers: { Authorization: token() } })),
  new HttpLink({ uri: url }),
]);
const client = new ApolloClient({
  cache: new InMemoryCache(),
  link: transport === 'ws' ? ApolloLink.from([resume, socket()]) : parts(),
});
const query = gql`subscription ($after: String) { changes(after: $after) {
  __typename cursor ... on Changed { id kind recordId action record { id ... on Order { buyerNumber } } } } }`;
client.subscribe({ query, variables: { after } }).subscribe({
  next({ data, error }) {
    if (!error) return say(data.changes);
    say({ error: error.message });
    process.exit(1);
  },
  error(error) { say({ error: error.message }); process.exit(1); },
  complete() { say({ complete: true }); process.exit(0); },
});

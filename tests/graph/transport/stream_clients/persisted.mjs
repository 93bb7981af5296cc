// Apollo Client with its persisted-query link: each query twice, by POST or with hashes by GET. Prints what went over
// the wire (method, whether it had the text, status) and what came of it, one JSON object a line.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';

const [url, tokenFile, useGET] = process.argv.slice(2);
const say = (what) => console.log(JSON.stringify(what));
const http = new HttpLink({
  uri: url,
  headers: { Authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}` },
  fetch: async (address, options) => {
    const text = options.method === 'GET' ? new URL(address).searchParams.has('query') : 'query' in JSON.parse(options.body);
    const answer = await fetch(address, options);
    say({ method: options.method, text, status: answer.status });
    return answer;
  },
});
const persisted = new PersistedQueryLink({
  sha256: (text) => createHash('sha256').update(text).digest('hex'),
  useGETForHashedQueries: useGET === 'get',
});
const client = new ApolloClient({ link: persisted.concat(http), cache: new InMemoryCache() });
const documents = [gql`query Me { viewer { code } }`, gql`query Me { viewer { code } }`, gql`query Bad { viewer { nonsense } }`];
for (const query of documents) {
  try {
    const { data } = await client.query({ query, fetchPolicy: 'no-cache' });
    say({ data });
  } catch (error) {
    say({ error: error.message });
  }
}

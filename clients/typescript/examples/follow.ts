// Prints each item of the feed as a line of JSON and keeps its place in a file.
// Run: node examples/follow.ts TRANSPORT URL TOKEN_FILE [CURSOR_FILE]
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { follow, Refused } from '../src/follow.ts';

const [transport, url, tokenFile, cursorFile] = process.argv.slice(2);
const document = `subscription ($after: String) { changes(after: $after) {
  __typename cursor ... on Changed { id kind recordId action record { ... on Order { buyerNumber } } } } }`;
const say = (line: unknown) => process.stdout.write(JSON.stringify(line) + '\n');

const items = follow(url, () => readFileSync(tokenFile, 'utf8').trim(), document, {
  transport: transport === 'sse' ? 'sse' : 'ws',
  after: cursorFile && existsSync(cursorFile) ? readFileSync(cursorFile, 'utf8') : null,
  save: (cursor) => {
    if (!cursorFile) return;
    writeFileSync(`${cursorFile}.new`, cursor); // whole or not at all: a half-written place is no place
    renameSync(`${cursorFile}.new`, cursorFile);
  },
  onBreak: (reason) => say({ closed: Number.parseInt(reason) || reason }),
  pause: process.env.FOLLOW_PAUSE ? () => new Promise((done) => setTimeout(done, Number(process.env.FOLLOW_PAUSE))) : undefined,
});
try {
  for await (const item of items) say(item);
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  say({ error: error.message });
  process.exitCode = 1;
}

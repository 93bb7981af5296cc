/**
 * Follows the change feed of a hub: every item once, in order, from where it stopped, over WebSocket or event stream.
 *
 * The place is saved after the item was applied, when the next one is asked for: a crash repeats an item and never loses
 * one. It comes back without limit, with full jitter and a fresh token, and stops only for what another try cannot cure.
 * No dependency: it uses the WebSocket and fetch of browsers and of Node.js 22 and later.
 */

/** One item of the feed, with the fields the document selects; `id` is there if a `Changed` selects it. */
export interface Item {
  __typename?: string;
  id?: string;
  [field: string]: unknown;
}

export interface Options {
  /** Continue after this cursor: what `save` was last called with. */
  after?: string | null;
  /** Keeps the place that was reached; called after the item was applied. */
  save?: (cursor: string) => void | Promise<void>;
  /** Variables of the document besides `after`, such as `{ snapshot: true }`. */
  variables?: Record<string, unknown>;
  transport?: 'ws' | 'sse';
  /** Called for each `Reset`, before it is handed out: what you keep must be read anew. */
  onReset?: (item: Item) => void;
  /** Called when a connection ended and another try is planned. */
  onBreak?: (reason: string, milliseconds: number) => void;
  /** How to wait before the next try; for tests. */
  pause?: (milliseconds: number) => Promise<void>;
  /** Ends the following. */
  signal?: AbortSignal;
}

/** The hub will not serve this operation, however often it is asked. */
export class Refused extends Error {}

/** The connection ended; coming back is of use. */
class Broken extends Error {}

/** What another try cures. */
const LATER = new Set(['SERVICE_UNAVAILABLE', 'RATE_LIMITED', 'TIMEOUT']);

interface Problem {
  message: string;
  extensions?: { code?: string };
}

interface Payload {
  data?: Record<string, Item> | null;
  errors?: Problem[];
  extensions?: { cursor?: string };
}

type Request = { query: string; variables: Record<string, unknown> };

/** Close codes after which coming back is of no use: the request itself is wrong. */
const FATAL = new Set([4400, 4401, 4406, 4409, 4429]);
const LEAST = 500;
const MOST = 30_000;
const REMEMBERED = 1_000;
/** Messages that may wait for a slow reader; beyond, the connection is given up and begun again from the cursor. */
const WAITING = 1_000;
/** The hub says something every 15 seconds; after so much silence the line is dead. */
const SILENCE = 60_000;

/** Items of `changes` in `document`, which must take `$after: String`; `url` is `https://.../graphql`. */
export async function* follow<T extends Item = Item>(
  url: string,
  token: () => string | Promise<string>,
  document: string,
  options: Options = {},
): AsyncGenerator<T, void, void> {
  const seen = new Set<string>();
  const pause = options.pause ?? wait;
  const open = options.transport === 'sse' ? events : socket;
  let after = options.after ?? null;
  let failures = 0;
  while (!options.signal?.aborted) {
    let reason = 'the stream ended';
    try {
      const request = { query: document, variables: { ...options.variables, after } };
      for await (const payload of open(url, await token(), request, options.signal)) {
        failures = 0;
        const item = only(payload) as T;
        if (!known(item, seen)) {
          if (item.__typename === 'Reset') options.onReset?.(item);
          yield item;
        }
        after = payload.extensions?.cursor ?? after;
        if (after !== null) await options.save?.(after);
      }
    } catch (error) {
      if (options.signal?.aborted) return;
      if (!(error instanceof Broken)) throw error;
      reason = error.message;
    }
    failures += 1;
    const most = Math.min(MOST, LEAST * 2 ** Math.min(failures, 10));
    const milliseconds = LEAST + Math.random() * (most - LEAST);
    options.onBreak?.(reason, milliseconds);
    await pause(milliseconds);
  }
}

/** The one item of a payload; Refused if the hub answered with errors. */
function only(payload: Payload): Item {
  if (payload.errors?.length || !payload.data) throw refusal(payload.errors);
  return Object.values(payload.data)[0];
}

function refusal(errors: Problem[] | undefined): Error {
  const later = errors?.map((each) => each.extensions?.code ?? '').find((code) => LATER.has(code));
  if (later) return new Broken(later);
  return new Refused(errors?.map((each) => each.message).join('; ') || 'the hub sent no data');
}

/** Whether a change was handed out before; the last thousand are remembered. */
function known(item: Item, seen: Set<string>): boolean {
  if (item.id === undefined) return false;
  if (seen.has(item.id)) return true;
  seen.add(item.id);
  if (seen.size > REMEMBERED) seen.delete(seen.values().next().value as string);
  return false;
}

/** What arrives, in order, until it ends; whoever puts in and whoever takes out do not know each other. */
class Inbox<T> {
  items: T[] = [];
  private ended: Error | null = null;
  private wake: () => void = () => {};

  put(item: T): void {
    this.items.push(item);
    this.wake();
  }

  end(error: Error): void {
    this.ended ??= error;
    this.wake();
  }

  /** The next item; throws the error of the end when everything before it was taken. */
  async take(): Promise<T> {
    for (;;) {
      if (this.items.length > 0) return this.items.shift() as T;
      if (this.ended) throw this.ended;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}

async function* socket(
  url: string, token: string, request: Request, signal: AbortSignal | undefined,
): AsyncGenerator<Payload> {
  const inbox = new Inbox<Payload>();
  const line = new WebSocket(url.replace(/^http/, 'ws'), 'graphql-transport-ws');
  const silence = new Silence(() => {
    inbox.end(new Broken('silence'));
    line.close();
  });
  const say = (message: unknown) => line.send(JSON.stringify(message));
  const leave = () => line.close();
  signal?.addEventListener('abort', leave);
  line.onopen = () => say({ type: 'connection_init', payload: { Authorization: `Bearer ${token}` } });
  line.onerror = () => inbox.end(new Broken('no connection'));
  line.onclose = ({ code, reason }) =>
    inbox.end(FATAL.has(code) ? new Refused(`${code} ${reason}`) : new Broken(`${code} ${reason}`));
  line.onmessage = ({ data }) => {
    silence.heard();
    const message = JSON.parse(data as string);
    if (message.type === 'connection_ack') say({ type: 'subscribe', id: '1', payload: request });
    else if (message.type === 'ping') say({ type: 'pong' });
    else if (message.type === 'error') inbox.end(refusal(message.payload));
    else if (message.type === 'complete') inbox.end(new Broken('complete'));
    else if (message.type === 'next') inbox.put(message.payload);
    if (inbox.items.length >= WAITING) {
      inbox.end(new Broken('slow reader'));
      line.onmessage = null;
      line.close();
    }
  };
  try {
    for (;;) yield await inbox.take();
  } finally {
    signal?.removeEventListener('abort', leave);
    silence.end();
    line.onmessage = line.onclose = null;
    line.close();
  }
}

async function* events(
  url: string, token: string, request: Request, signal: AbortSignal | undefined,
): AsyncGenerator<Payload> {
  const stop = new AbortController();
  const leave = () => stop.abort();
  signal?.addEventListener('abort', leave);
  const silence = new Silence(leave);
  try {
    const answer = await fetch(url.replace(/^ws/, 'http'), {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', Accept: 'text/event-stream' },
      body: JSON.stringify(request),
      signal: stop.signal,
    }).catch(() => { throw new Broken('no connection'); });
    if (!answer.ok || !answer.body) throw new Broken(`status ${answer.status}`);
    for await (const { event, data } of frames(answer.body, silence)) {
      if (event === 'next') yield JSON.parse(data) as Payload;
      if (event === 'complete') throw new Broken('complete');
    }
    throw new Broken('the stream was cut');
  } finally {
    signal?.removeEventListener('abort', leave);
    silence.end();
    stop.abort();
  }
}

/** The events of a body; comments only show that the line is alive. */
async function* frames(
  body: ReadableStream<Uint8Array>, silence: Silence,
): AsyncGenerator<{ event: string; data: string }> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read().catch(() => { throw new Broken('the stream broke off'); });
    if (done) return;
    silence.heard();
    text += decoder.decode(value, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      const field = (name: string) => lines.filter((line) => line.startsWith(`${name}:`))
        .map((line) => line.slice(name.length + 1).replace(/^ /, '')).join('\n');
      if (field('event')) yield { event: field('event'), data: field('data') };
    }
  }
}

/** Rings when nothing was heard for a minute. */
class Silence {
  private timer: ReturnType<typeof setTimeout>;
  private ring: () => void;

  constructor(ring: () => void) {
    this.ring = ring;
    this.timer = setTimeout(ring, SILENCE);
  }

  heard(): void {
    this.end();
    this.timer = setTimeout(this.ring, SILENCE);
  }

  end(): void {
    clearTimeout(this.timer);
  }
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

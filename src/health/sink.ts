import { RetryAfterError } from '../engine/job/errors.ts';
import type { Listener } from '../engine/ports/events.ts';
import { HumdrumError } from '../errors.ts';
import type { Notice } from './notice.ts';

/** Where people are told of alerts. */
export interface Sink {
  /** Lower-case words with hyphens; no two have the same. */
  readonly name: string;
  /** Longer than this no attempt to tell them takes, whatever is at the other end. */
  readonly timeoutMs: number;
  /** Throws where they could not be told. `RetryAfterError`: not before so long. */
  send(notice: Notice, by: SendBy): Promise<void>;
  /** For `humdrum doctor`: tells nobody, and throws where a notice would not get through. */
  check?(): Promise<void>;
}

export interface SendBy {
  /** The same however often a notice is sent: a receiver that remembers it takes each once. */
  readonly key: string;
  /** Aborted when the time is over. */
  readonly signal: AbortSignal;
  /** What is said to it is heard by whoever listens to the engine. */
  readonly tell: Listener;
}

/** What all sinks can be given. */
export interface SinkOptions {
  /** Default: after what it is. Needed where there are two of one make. */
  name?: string;
  /** Default 10,000; from 100 to 60,000. */
  timeoutMs?: number;
}

const NAME = /^[a-z][a-z0-9-]{0,49}$/;

/** Errors: `config-invalid`. */
export function namedSink(
  make: string,
  { name = make, timeoutMs = 10_000 }: SinkOptions,
  send: Sink['send'],
): Sink {
  if (!NAME.test(name)) {
    throw new HumdrumError(
      'config-invalid',
      `"${name}" is no name for a sink. Use lower-case words with hyphens, at most 50 characters: on-call`,
    );
  }
  if (!Number.isInteger(timeoutMs) || timeoutMs < 100 || timeoutMs > 60_000) {
    throw new HumdrumError(
      'config-invalid',
      `timeoutMs of the sink "${name}" is a whole number from 100 to 60,000, not ${timeoutMs}.`,
    );
  }
  return { name, timeoutMs, send };
}

/** Errors: `config-invalid`. The URL is not repeated: it may be a secret. */
export function httpUrl(make: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url;
  throw new HumdrumError('config-invalid', `${make} takes a URL that begins with https://.`);
}

const LONGEST_ANSWER = 200;

/** Sends a body by POST. Throws for every answer but a success, without the path, which may be a secret. */
export async function post(
  url: URL,
  { headers, body, signal }: { headers: Record<string, string>; body: string; signal: AbortSignal },
): Promise<void> {
  const answer = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' });
  if (answer.ok) return answer.body?.cancel();
  const said = await beginningOf(answer);
  const message = `${url.host} answered ${answer.status}${said === '' ? '' : `: ${said}`}`;
  const seconds = Number(answer.headers.get('retry-after') ?? Number.NaN);
  if ((answer.status === 429 || answer.status === 503) && seconds >= 0) {
    throw new RetryAfterError(message, { afterMs: Math.min(seconds, 3_600) * 1_000 });
  }
  throw new Error(message);
}

/** What a server says of a refusal is worth keeping, and no more of it than a line. */
async function beginningOf({ body }: Response): Promise<string> {
  const pieces: AsyncIterable<Uint8Array> | null = body;
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of pieces ?? []) {
    text += decoder.decode(piece, { stream: true });
    if (text.length >= LONGEST_ANSWER) break;
  }
  return text.slice(0, LONGEST_ANSWER).replaceAll(/\s+/g, ' ').trim();
}

import { PermanentError, RetryAfterError } from '../engine/job/errors.ts';
import { HumdrumError } from '../errors.ts';

/** Errors: `config-invalid`. The URL is not repeated: it may be a secret. `kind`: who takes it, as `slackChannel`. */
export function httpUrl(kind: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isHttp = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (isHttp && url.username === '' && url.password === '') return url;
  throw new HumdrumError(
    'config-invalid',
    `${kind} takes a URL that begins with https://, without a user or password.`,
  );
}

export interface HttpRequest {
  method?: 'GET' | 'POST';
  headers: Record<string, string>;
  body?: string;
  signal: AbortSignal;
}

const MAX_REPLY_CHARACTERS = 200;
const MAX_WAIT_SECONDS = 3_600;
/** Client errors that a later attempt may not meet: timeout, too early, too many requests. */
const TRANSIENT = [408, 425, 429];

/**
 * Sends a request. Throws for every reply but a success: `RetryAfterError` where the service says when to try again,
 * `PermanentError` for client errors. The message has no path and no header: either may be a secret.
 */
export async function request(url: URL, { method = 'POST', ...given }: HttpRequest): Promise<void> {
  const reply = await fetch(url, { method, ...given, redirect: 'manual' });
  if (reply.ok) return reply.body?.cancel();
  const { status } = reply;
  const beginning = await beginningOf(reply);
  const message = `${url.host} answered ${status}${beginning === '' ? '' : `: ${beginning}`}`;
  const afterMs = status === 429 || status === 503 ? retryAfterMs(reply.headers) : null;
  if (afterMs !== null) throw new RetryAfterError(message, { afterMs });
  if (status >= 400 && status < 500 && !TRANSIENT.includes(status))
    throw new PermanentError(message);
  throw new Error(message);
}

/** Seconds, or a date. */
function retryAfterMs(headers: Headers): number | null {
  const text = headers.get('retry-after');
  if (text === null || text.trim() === '') return null;
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1_000;
  if (Number.isNaN(seconds)) return null;
  return Math.min(Math.max(seconds, 0), MAX_WAIT_SECONDS) * 1_000;
}

/** A service's reason for a refusal is worth keeping, but no more than a line of it. */
async function beginningOf({ body }: Response): Promise<string> {
  const pieces: AsyncIterable<Uint8Array> | null = body;
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of pieces ?? []) {
    text += decoder.decode(piece, { stream: true });
    if (text.length >= MAX_REPLY_CHARACTERS) break;
  }
  return text.slice(0, MAX_REPLY_CHARACTERS).replaceAll(/\s+/g, ' ').trim();
}

import { setTimeout as wait } from 'node:timers/promises';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { z } from 'zod';
import { HumdrumError } from '../../errors.ts';
import type { Client } from '../client.ts';
import { auditEntry } from '../contract/audit.ts';
import { streamChanges } from '../contract/events.ts';

export type Change = z.output<typeof auditEntry>;

/** `ready`: the stream is open. `changes`: new rows. `reset`: rows were missed, so reload everything shown. */
export type News =
  { kind: 'ready' } | { kind: 'reset' } | { kind: 'changes'; changes: readonly Change[] };

export interface FollowOptions {
  query?: z.output<typeof streamChanges.query>;
  /** Called once per outage, when the stream broke and the first reconnect failed. */
  onTrouble?: (error: HumdrumError) => void;
}

/** Wait before reconnecting, unless the server sends `retry`. */
const RETRY_MS = 2_000;

/**
 * Follows changes until the consumer stops. When the stream ends, which it does every 15 minutes, or breaks, it reconnects from
 * the last position. Changes may then arrive twice. Errors: any error of `Client` on the first connection, later only those
 * that are not temporary.
 */
export async function* followChanges(
  client: Client,
  { query = {}, onTrouble }: FollowOptions = {},
): AsyncGenerator<News, never> {
  const place: Place = { last: null, retryMs: RETRY_MS };
  let isSilent = false;
  for (;;) {
    try {
      const answer = await client.open(streamChanges, { query, ...headersAt(place) });
      isSilent = false;
      if (answer.body) yield* newsIn(answer.body, place);
    } catch (error) {
      if (place.last === null || !isTemporary(error)) throw error;
      if (!isSilent) onTrouble?.(error);
      isSilent = true;
    }
    await wait(place.retryMs);
  }
}

interface Place {
  /** Null before the first message. */
  last: string | null;
  retryMs: number;
}

const headersAt = ({ last }: Place): { headers?: Record<string, string> } =>
  last === null ? {} : { headers: { 'last-event-id': last } };

/** Errors that may be temporary. */
const TEMPORARY = ['server-unreachable', 'database-unreachable', 'too-many-requests'];
const isTemporary = (error: unknown): error is HumdrumError =>
  error instanceof HumdrumError && TEMPORARY.includes(error.code);

/** Yields until the stream ends or breaks. */
async function* newsIn(body: ReadableStream<Uint8Array>, place: Place): AsyncGenerator<News, void> {
  const pending: EventSourceMessage[] = [];
  const parser = createParser({
    onEvent: (message) => pending.push(message),
    onRetry: (ms) => (place.retryMs = ms),
  });
  const decoder = new TextDecoder();
  for await (const bytes of unbroken(body)) {
    parser.feed(decoder.decode(bytes, { stream: true }));
    const messages = pending.splice(0);
    for (const { event } of messages) {
      if (event === 'ready' || event === 'reset') yield { kind: event };
    }
    const changes = messages.filter(({ event }) => event === 'change').map(changeOf);
    if (changes.length > 0) yield { kind: 'changes', changes };
    // Only after the consumer has taken the messages: otherwise a reconnect would skip them.
    place.last = messages.at(-1)?.id ?? place.last;
  }
}

/** Treats a broken connection as the end of the stream. */
async function* unbroken(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read().catch(() => ({ value: undefined, done: true }));
      if (done || !value) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function changeOf({ data }: EventSourceMessage): Change {
  return z.decode(auditEntry, JSON.parse(data) as z.input<typeof auditEntry>);
}

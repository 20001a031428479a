import { setTimeout as wait } from 'node:timers/promises';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { z } from 'zod';
import { HumdrumError } from '../../errors.ts';
import type { Client } from '../client.ts';
import { auditEntry } from '../contract/audit.ts';
import { streamChanges } from '../contract/events.ts';

export type Change = z.output<typeof auditEntry>;

/** What has come together: that the stream stands, changes, or that some are lost and all that is shown is to be loaded anew. */
export type News =
  { kind: 'ready' } | { kind: 'reset' } | { kind: 'changes'; changes: readonly Change[] };

export interface FollowOptions {
  query?: z.output<typeof streamChanges.query>;
  /** Told once when the stream has broken off and cannot be had again at once. */
  onTrouble?: (error: HumdrumError) => void;
}

/** What is waited where the server has not said it. */
const RETRY_MS = 2_000;

/**
 * What changes, for as long as somebody takes it. It comes back behind the last place when the stream ends, which it does every
 * 15 minutes, or breaks off; a change may be told twice then. Errors: as `Client`, at the first time; later all but
 * those that may pass.
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
      if (place.last === null || !isPassing(error)) throw error;
      if (!isSilent) onTrouble?.(error);
      isSilent = true;
    }
    await wait(place.retryMs);
  }
}

interface Place {
  /** Null: nothing has come yet. */
  last: string | null;
  retryMs: number;
}

const headersAt = ({ last }: Place): { headers?: Record<string, string> } =>
  last === null ? {} : { headers: { 'last-event-id': last } };

/** What may be otherwise in a while. */
const PASSING = ['server-unreachable', 'database-unreachable', 'too-many-requests'];
const isPassing = (error: unknown): error is HumdrumError =>
  error instanceof HumdrumError && PASSING.includes(error.code);

/** Until it ends or breaks off. */
async function* newsIn(body: ReadableStream<Uint8Array>, place: Place): AsyncGenerator<News, void> {
  const come: EventSourceMessage[] = [];
  const parser = createParser({
    onEvent: (message) => come.push(message),
    onRetry: (ms) => (place.retryMs = ms),
  });
  const decoder = new TextDecoder();
  for await (const bytes of unbroken(body)) {
    parser.feed(decoder.decode(bytes, { stream: true }));
    const messages = come.splice(0);
    for (const { event } of messages) {
      if (event === 'ready' || event === 'reset') yield { kind: event };
    }
    const changes = messages.filter(({ event }) => event === 'change').map(changeOf);
    if (changes.length > 0) yield { kind: 'changes', changes };
    // What was taken need not come again.
    place.last = messages.at(-1)?.id ?? place.last;
  }
}

/** A connection that breaks off is an end like any other. */
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

import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FileData } from '../job/context.ts';

export interface Spooled {
  sha256: string;
  bytes: number;
}

/** Reads the data to its end, chunk by chunk, to compute its hash and length. */
export async function measureFile(data: FileData, signal: AbortSignal): Promise<Spooled> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  return pipeInto(data, nowhere, signal);
}

/**
 * Calls `use` with a temporary local copy of the data, and removes it afterwards. The copy is needed because the hash that a
 * file is stored under is known only after all of it was read.
 */
export async function withSpooled<T>(
  data: FileData,
  signal: AbortSignal,
  use: (path: string, spooled: Spooled) => Promise<T>,
): Promise<T> {
  const path = join(tmpdir(), `humdrum-${randomUUID()}`);
  try {
    const copy = createWriteStream(path, { flags: 'wx', mode: 0o600 });
    return await use(path, await pipeInto(data, copy, signal));
  } finally {
    await rm(path, { force: true });
  }
}

async function pipeInto(data: FileData, into: Writable, signal: AbortSignal): Promise<Spooled> {
  signal.throwIfAborted();
  const hash = createHash('sha256');
  let bytes = 0;
  async function* measured(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunksOf(data)) {
      const binary = toBytes(chunk);
      hash.update(binary);
      bytes += binary.length;
      yield binary;
    }
  }
  await untilAborted(pipeline(Readable.from(measured()), into, { signal }), signal);
  return { sha256: hash.digest('hex'), bytes };
}

function chunksOf(data: FileData): Iterable<unknown> | AsyncIterable<unknown> {
  if (typeof data === 'string' || data instanceof Uint8Array) return [data];
  const iterable: object | null = typeof data === 'object' ? data : null;
  if (iterable && Symbol.asyncIterator in iterable) return data;
  throw new TypeError('A file must be a string, a Uint8Array, a stream or an async iterable.');
}

function toBytes(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk === 'string') return Buffer.from(chunk);
  throw new TypeError(`The chunks of a file must be strings or Uint8Arrays, not ${typeof chunk}.`);
}

/** Rejects at once when aborted: a source that never yields would block even the abort of its pipeline. */
async function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const settled = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { signal: settled.signal });
  });
  try {
    await Promise.race([work, aborted]);
  } finally {
    settled.abort();
  }
}

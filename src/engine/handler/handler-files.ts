import { addAbortSignal, type Readable } from 'node:stream';
import type { Queryable } from '../../database/database.ts';
import { HumdrumError, refuseUnknown } from '../../errors.ts';
import { measureFile, type Spooled, withSpooled } from '../files/spool.ts';
import { storeFile } from '../files/store-file.ts';
import type { ContextFiles, FileData, FileFact } from '../job/context.ts';
import { type FileStorage, isSha256 } from '../ports/file-storage.ts';
import type { Interruption } from './interruption.ts';
import type { Recorder } from './recorder.ts';

interface Parts {
  /** Null if none is configured. */
  storage: FileStorage | null;
  database: Queryable;
  recorder: Recorder;
  interruption: Interruption;
  rehearsal: boolean;
}

const PUT = { contentType: true } as const;
const MAX_NAME_CHARACTERS = 1_000;
const OVER = 'This attempt is over: it can put no more files.';
const MEDIA_TYPE = /^[\w.+-]+\/[\w.+-]+(?:;[\x20-\x7E]*)?$/;

/** `ctx.files`: stores a file at once, and records its name when the job completes. */
export class HandlerFiles implements ContextFiles {
  readonly #parts: Parts;
  #pending: Map<Promise<FileFact>, AbortController> | null = null;
  #over = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get put(): ContextFiles['put'] {
    return (name, data, options = {}) => {
      refuseUnknown('input-invalid', 'ctx.files.put', options, PUT);
      const { contentType = 'application/octet-stream' } = options;
      const stop = new AbortController();
      const signal = AbortSignal.any([stop.signal, this.#parts.interruption.signal]);
      const putting = this.#put(name, data, contentType, signal).finally(() =>
        this.#pending?.delete(putting),
      );
      this.#pending ??= new Map();
      this.#pending.set(putting, stop);
      return putting;
    };
  }

  get get(): ContextFiles['get'] {
    return async (sha256) => {
      const { rehearsal, interruption } = this.#parts;
      const storage = this.#storage();
      const stream = isSha256(sha256) ? await storage.open(sha256) : null;
      if (stream) return addAbortSignal<Readable>(interruption.signal, stream);
      const hint = rehearsal ? ' A rehearsal stores none of the files that it puts.' : '';
      throw new HumdrumError('file-not-found', `No file is stored under "${sha256}".${hint}`);
    };
  }

  /** Throws if the handler returned without awaiting a put: the file would be lost silently. */
  expectNonePending(): void {
    if (!this.#pending || this.#pending.size === 0) return;
    throw new Error('The handler returned while a file was still being put: await ctx.files.put.');
  }

  /** Aborts the pending puts and refuses new ones. */
  end(): void {
    this.#over = true;
    for (const [putting, stop] of this.#pending ?? []) {
      putting.catch(() => undefined);
      stop.abort(new Error(OVER));
    }
  }

  async #put(
    name: string,
    data: FileData,
    contentType: string,
    signal: AbortSignal,
  ): Promise<FileFact> {
    if (this.#over) throw new Error(OVER);
    signal.throwIfAborted();
    checkNames(name, contentType);
    this.#storage();
    const entry = this.#parts.recorder.reserve();
    const spooled = await this.#store(data, contentType, signal).catch((error: unknown) => {
      signal.throwIfAborted(); // The abort reason is clearer than the error that the abort caused.
      throw error;
    });
    signal.throwIfAborted();
    entry.effect = { kind: 'file', name, data: { ...spooled, contentType } };
    return { name, ...spooled, contentType };
  }

  async #store(data: FileData, contentType: string, signal: AbortSignal): Promise<Spooled> {
    const { database, rehearsal } = this.#parts;
    if (rehearsal) return measureFile(data, signal);
    const storage = this.#storage();
    return withSpooled(data, signal, async (path, spooled) => {
      await storeFile(storage, database, path, { ...spooled, contentType, signal });
      return spooled;
    });
  }

  #storage(): FileStorage {
    const { storage } = this.#parts;
    if (storage) return storage;
    throw new HumdrumError(
      'files-missing',
      `No file storage is configured. Set one: createHumdrum({ files: fsStorage('./files') }), with fsStorage from "humdrum/files/fs".`,
    );
  }
}

function checkNames(name: string, contentType: string): void {
  if (typeof name !== 'string' || name === '' || name.length > MAX_NAME_CHARACTERS) {
    throw new TypeError(`A file name must have 1 to ${MAX_NAME_CHARACTERS} characters.`);
  }
  if (/\p{Cc}/u.test(name)) throw new TypeError('A file name must not have control characters.');
  if (!MEDIA_TYPE.test(contentType)) {
    throw new TypeError(`"${contentType}" is not a content type. Use a form like text/csv.`);
  }
}

import type { Readable } from 'node:stream';

/**
 * Where files are kept, each under the SHA-256 of its content. One place belongs to one database: the collector removes
 * what that database does not name.
 */
export interface FileStorage {
  /** Stores the file at `path` whole or not at all, over what is there: its time is then the present. */
  put(sha256: string, path: string, about: FileToStore): Promise<void>;

  /** Null where it is not there. */
  open(sha256: string): Promise<Readable | null>;

  /** When it was last stored, by the storage's own clock. Null where it is not there. */
  storedAt(key: string): Promise<Date | null>;

  /** Everything that it has stored. */
  list(): AsyncIterable<StoredFile>;

  /** What is not there is no error. */
  remove(key: string): Promise<void>;
}

export interface FileToStore {
  bytes: number;
  contentType: string;
  signal: AbortSignal;
}

export interface StoredFile {
  /** Its SHA-256 in hexadecimal, or any other word for what a dead process left half written. */
  key: string;
  bytes: number;
  storedAt: Date;
}

export function isSha256(text: string): boolean {
  return /^[\da-f]{64}$/.test(text);
}

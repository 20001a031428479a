import type { Readable } from 'node:stream';

/**
 * Stores files, each under the SHA-256 of its content. Use a storage for one database only: the collector removes the files
 * that its database does not name.
 */
export interface FileStorage {
  /** Stores the file at `path` atomically. Replaces an existing file, and sets its time to now. */
  put(sha256: string, path: string, about: FileToStore): Promise<void>;

  /** Null if there is no such file. */
  open(sha256: string): Promise<Readable | null>;

  /** When the file was last stored, by the storage's own clock. Null if there is no such file. */
  storedAt(key: string): Promise<Date | null>;

  /** All stored files, including incomplete ones. */
  list(): AsyncIterable<StoredFile>;

  /** Does nothing if there is no such file. */
  remove(key: string): Promise<void>;
}

export interface FileToStore {
  bytes: number;
  contentType: string;
  signal: AbortSignal;
}

export interface StoredFile {
  /** The SHA-256 in hexadecimal. Any other key for an incomplete file that a dead process left behind. */
  key: string;
  bytes: number;
  storedAt: Date;
}

export function isSha256(text: string): boolean {
  return /^[\da-f]{64}$/.test(text);
}

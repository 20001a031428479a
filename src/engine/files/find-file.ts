import type { Readable } from 'node:stream';
import type { Queryable } from '../../database/database.ts';
import { HumdrumError } from '../../errors.ts';
import type { FileFact } from '../job/context.ts';
import { isSha256, type FileStorage } from '../ports/file-storage.ts';

// `max(job_id + 0)` keeps the planner from using the primary key: with a limit or a plain `job_id` it would scan all effects
// in the order of that key, instead of looking up the hash.
const NAMED = `
select named.name, named.data from (
  select max(job_id + 0) as id from humdrum.effect where kind = 'file' and data ->> 'sha256' = $1
) as last cross join lateral (
  select name, data from humdrum.effect where effect.job_id = last.id and kind = 'file' and data ->> 'sha256' = $1 limit 1
) as named`;

/** What the last job that stored a file recorded about it. Errors: `file-not-found`. */
export async function fileNamed(db: Queryable, sha256: string): Promise<FileFact> {
  const { rows } = await db.query<{ name: string; data: Omit<FileFact, 'name'> }>(NAMED, [sha256]);
  const [file] = rows;
  if (file) return { name: file.name, ...file.data };
  throw new HumdrumError('file-not-found', 'No job has stored a file with this SHA-256.');
}

/** Errors: `files-missing`, `file-not-found`. */
export async function openFile(storage: FileStorage | null, sha256: string): Promise<Readable> {
  if (!storage) {
    throw new HumdrumError('files-missing', 'No file storage is configured in this process.');
  }
  const file = isSha256(sha256) ? await storage.open(sha256) : null;
  if (file) return file;
  throw new HumdrumError('file-not-found', 'This file is no longer in the storage.');
}

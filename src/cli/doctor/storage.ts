import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { FileStorage } from '../../engine/ports/file-storage.ts';
import { errorMessage } from '../../errors.ts';
import { ok, problem, type Finding, type Patient } from './finding.ts';

/** Writes a file that nobody else has, reads it, and removes it again. */
export async function checkStorage({ options }: Pick<Patient, 'options'>): Promise<Finding> {
  if (!options.files) return ok('storage', 'none is configured: ctx.files is refused');
  try {
    await probe(options.files);
    return ok('storage', 'a file was written, read and removed');
  } catch (error) {
    return problem(
      'storage',
      `A file cannot be kept: ${errorMessage(error)}`,
      'See `files` in the configuration: the folder or bucket must be there, and this user may write to it.',
    );
  }
}

async function probe(files: FileStorage): Promise<void> {
  const content = randomBytes(64);
  const key = createHash('sha256').update(content).digest('hex');
  const folder = await mkdtemp(join(tmpdir(), 'humdrum-doctor-'));
  try {
    const path = join(folder, 'probe');
    await writeFile(path, content);
    const signal = AbortSignal.timeout(30_000);
    await files.put(key, path, {
      bytes: content.length,
      contentType: 'application/octet-stream',
      signal,
    });
    try {
      const stored = await files.open(key);
      if (!stored || !(await buffer(stored)).equals(content)) {
        throw new Error('what was read is not what was written');
      }
    } finally {
      await files.remove(key);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

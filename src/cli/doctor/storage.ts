import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { FileStorage } from '../../engine/ports/file-storage.ts';
import { errorMessage } from '../../errors.ts';
import { ok, problem, type Finding, type Patient } from './finding.ts';

/** Writes, reads and removes a random file. */
export async function checkStorage({ options }: Pick<Patient, 'options'>): Promise<Finding> {
  if (!options.files) return ok('storage', 'not configured: jobs cannot use ctx.files');
  try {
    await probe(options.files);
    return ok('storage', 'a file was written, read and removed');
  } catch (error) {
    return problem(
      'storage',
      `Cannot store files: ${errorMessage(error)}`,
      'Check `files` in the configuration. The folder or bucket must exist and be writable.',
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
        throw new Error('the content read differs from the content written');
      }
    } finally {
      await files.remove(key);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

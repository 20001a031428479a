import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';

const MEMORY = '/dev/shm';
const ENOUGH_BYTES = 4 * 2 ** 30;

/**
 * Where to put what need not outlive the machine: in memory, where there is enough. A new database takes a third of the time
 * there, and no disk that is busy with something else keeps a test waiting.
 */
export async function shortLivedPlace(): Promise<string> {
  const { bavail, bsize } = await statfs(MEMORY).catch(() => ({ bavail: 0, bsize: 0 }));
  return bavail * bsize < ENOUGH_BYTES ? tmpdir() : MEMORY;
}

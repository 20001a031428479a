import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';

const MEMORY = '/dev/shm';
const ENOUGH_BYTES = 4 * 2 ** 30;

/**
 * A folder for short-lived data: in memory if there is enough. Creating a database there takes a third of the time, and tests do
 * not wait for a busy disk.
 */
export async function shortLivedPlace(): Promise<string> {
  const { bavail, bsize } = await statfs(MEMORY).catch(() => ({ bavail: 0, bsize: 0 }));
  return bavail * bsize < ENOUGH_BYTES ? tmpdir() : MEMORY;
}

import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { HumdrumError } from '../errors.ts';

export interface FolderLock {
  /** Resolves once the lock is gone or another's, because the folder was removed or replaced. Never before. */
  readonly lost: Promise<HumdrumError>;
  release(): Promise<void>;
}

interface Holder {
  token: string;
  pid: number;
  host: string;
  /** Start time of the process, in kernel ticks. Distinguishes the holder from a later process with the same pid. Null if unknown. */
  born: string | null;
  /** URL of the holder's HTTP API. */
  url?: string;
}

const GUARD_TRIES = 100;
const GUARD_WAIT_MS = 50;

/**
 * Locks a PGlite folder, which two processes would corrupt. A lock file names the holder. The lock is taken over only from a
 * dead process, whatever the age of the file. A holder on another machine counts as alive.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = join(folder, 'humdrum.lock');
  const me: Holder = {
    token: randomUUID(),
    pid: process.pid,
    host: hostname(),
    born: (await statOf(process.pid))?.born ?? null,
  };
  // The guard makes checking the old holder and replacing it one step. Otherwise two processes could both find a dead holder,
  // and the second would overwrite the lock of the first.
  const guard = `${path}.guard`;
  await takeGuard(guard, me);
  try {
    const holder = await read(path);
    if (holder && (await isAlive(holder))) throw lockedBy(holder, folder, path);
    await writeFile(path, JSON.stringify(me));
  } finally {
    await rm(guard, { force: true });
  }
  const watch = watchOwn(folder, path, me);
  return {
    lost: watch.lost,
    async release() {
      watch.stop();
      await releaseOwn(path, me);
    },
  };
}

const WATCH_MS = 1_000;

/** As PostgreSQL watches its pid file: a process that goes on would write into the database of another. */
function watchOwn(
  folder: string,
  path: string,
  { token }: Holder,
): { lost: Promise<HumdrumError>; stop: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const lost = new Promise<HumdrumError>((resolve) => {
    const look = async (): Promise<void> => {
      // A file that cannot be read at this moment says nothing.
      const holder = await read(path).catch(() => undefined);
      if (holder === undefined || holder?.token === token) return;
      clearInterval(timer);
      resolve(lostFolder(folder, holder));
    };
    timer = setInterval(() => void look(), WATCH_MS).unref();
  });
  return { lost, stop: () => clearInterval(timer) };
}

function lostFolder(folder: string, holder: Holder | null): HumdrumError {
  const what = holder
    ? `replaced: process ${holder.pid} has opened it now`
    : 'removed or replaced: its lock file is gone';
  return new HumdrumError(
    'database-closed',
    `The folder of the embedded database, ${folder}, was ${what}. This process has stopped using it. To go on, restart it.`,
  );
}

/** Adds this process's URL to its lock file, so that processes that are refused can name it. */
export async function noteServer(folder: string, url: string): Promise<void> {
  const path = join(folder, 'humdrum.lock');
  const holder = await read(path);
  if (holder?.pid !== process.pid || holder.host !== hostname()) return;
  const draft = `${path}.${holder.token}`;
  await writeFile(draft, JSON.stringify({ ...holder, url } satisfies Holder));
  await rename(draft, path);
}

/**
 * The guard is held only briefly. One that stays was left by a process that died while it held it, and only the user can
 * decide that.
 */
async function takeGuard(guard: string, me: Holder): Promise<void> {
  for (let tries = 0; tries < GUARD_TRIES; tries += 1) {
    if (await create(guard, me)) return;
    await new Promise((resolve) => setTimeout(resolve, GUARD_WAIT_MS));
  }
  throw new HumdrumError(
    'database-locked',
    `Another process is opening this folder, or died while opening it. If none is running, delete ${guard} and try again.`,
  );
}

async function create(path: string, me: Holder): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(me), { flag: 'wx' });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

async function read(path: string): Promise<Holder | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch (error) {
    // The file is missing, or was left half written by a process that died.
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR') || error instanceof SyntaxError)
      return null;
    throw error;
  }
}

async function releaseOwn(path: string, me: Holder): Promise<void> {
  const holder = await read(path);
  if (holder?.token === me.token) await rm(path, { force: true });
}

async function isAlive(holder: Holder): Promise<boolean> {
  if (holder.host !== hostname()) return true;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return !hasCode(error, 'ESRCH');
  }
  const found = await statOf(holder.pid);
  if (!found) return true;
  return !found.ended && (holder.born === null || found.born === holder.born);
}

/**
 * Reads fields 3 and 22 of /proc/PID/stat. The second field, the name, may contain spaces and parentheses. `ended`: a zombie,
 * whose parent has not collected its exit status. In many containers the parent never does. Null if the file is unreadable.
 */
async function statOf(pid: number): Promise<{ ended: boolean; born: string | null } | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { ended: 'ZX'.includes(fields[0] ?? ''), born: fields[19] ?? null };
  } catch {
    return null;
  }
}

function lockedBy(holder: Holder, folder: string, path: string): HumdrumError {
  const elsewhere = holder.host === hostname() ? '' : ` on ${holder.host}`;
  return new HumdrumError(
    'database-locked',
    `Process ${holder.pid}${elsewhere} has opened the embedded database in ${folder}, and only one process can use it at a time. ${remedyFor(holder, path)}`,
  );
}

function remedyFor({ host, url }: Holder, path: string): string {
  if (host !== hostname()) return `If that machine is gone for good, delete ${path}.`;
  const first = url === undefined ? 'Stop it first' : `Use it through --url ${url}, or stop it`;
  return `${first}. Or set DATABASE_URL to a PostgreSQL server, which several processes can share.`;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

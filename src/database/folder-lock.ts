import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { HumdrumError } from '../errors.ts';

export interface FolderLock {
  release(): Promise<void>;
}

interface Holder {
  token: string;
  pid: number;
  host: string;
  /** When the kernel started that process: tells a holder from a stranger that was given its pid. Null where unknown. */
  born: string | null;
  /** Where the holder answers for the database. */
  url?: string;
}

const GUARD_TRIES = 100;
const GUARD_WAIT_MS = 50;

/**
 * Two processes in one PGlite folder corrupt it. The holder is named in a file; a holder that lives is never
 * robbed, however old its file is, and one on another machine counts as living.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = join(folder, 'humdrum.lock');
  const me: Holder = {
    token: randomUUID(),
    pid: process.pid,
    host: hostname(),
    born: (await statOf(process.pid))?.born ?? null,
  };
  // To look at the old holder and to put oneself in its place must be one step: of two that find a dead one, the
  // slower would else remove the quicker.
  const guard = `${path}.guard`;
  await takeGuard(guard, me);
  try {
    const holder = await read(path);
    if (holder && (await isAlive(holder))) throw lockedBy(holder, folder, path);
    await writeFile(path, JSON.stringify(me));
  } finally {
    await rm(guard, { force: true });
  }
  return { release: () => releaseOwn(path, me) };
}

/** Writes down where the holder of the folder, which is this process, can be asked. Others find it when they are refused. */
export async function noteServer(folder: string, url: string): Promise<void> {
  const path = join(folder, 'humdrum.lock');
  const holder = await read(path);
  if (holder?.pid !== process.pid || holder.host !== hostname()) return;
  const draft = `${path}.${holder.token}`;
  await writeFile(draft, JSON.stringify({ ...holder, url } satisfies Holder));
  await rename(draft, path);
}

/** Held for a moment only. One that stays is left of a process that died in that moment: a person must say so. */
async function takeGuard(guard: string, me: Holder): Promise<void> {
  for (let tries = 0; tries < GUARD_TRIES; tries += 1) {
    if (await create(guard, me)) return;
    await new Promise((resolve) => setTimeout(resolve, GUARD_WAIT_MS));
  }
  throw new HumdrumError(
    'database-locked',
    `Another process is opening this folder, or died while it did. If none is running, delete ${guard} and try again.`,
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
    // Gone, or half written by a process that died at that moment.
    if (hasCode(error, 'ENOENT') || error instanceof SyntaxError) return null;
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
 * Fields 3 and 22 of /proc/PID/stat. The second field, the name, may hold spaces and brackets. `ended`: it is kept only until
 * its parent asks, which in many a container is never. Null: nothing is known.
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
    `Process ${holder.pid}${elsewhere} has the embedded database in ${folder} open, and only one process may. ${remedyFor(holder, path)}`,
  );
}

function remedyFor({ host, url }: Holder, path: string): string {
  if (host !== hostname()) return `If that machine is gone for good, delete ${path}.`;
  const ask = url === undefined ? 'Stop it first' : `Ask it, with --url ${url}; or stop it`;
  return `${ask}; or set DATABASE_URL to a PostgreSQL server, which any number of processes may share.`;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

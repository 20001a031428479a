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
}

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
    born: await bornAt(process.pid),
  };
  for (let tries = 0; tries < 5; tries += 1) {
    if (await create(path, me)) return { release: () => releaseOwn(path, me) };
    const holder = await read(path);
    if (holder && (await isAlive(holder))) throw lockedBy(holder, folder, path);
    await removeDead(path, holder);
  }
  throw new HumdrumError(
    'database-locked',
    `Could not take the lock ${path}: other processes are opening this folder at the same time. Try again.`,
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

/** Renamed before it is removed: of two processes that both saw a dead holder, only one gets to remove it. */
async function removeDead(path: string, holder: Holder | null): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  const moved = await read(aside);
  if (moved?.token === holder?.token) await rm(aside, { force: true });
  else await rename(aside, path); // It was a living one, made since we looked.
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
  const born = await bornAt(holder.pid);
  return born === null || holder.born === null || born === holder.born;
}

/** Field 22 of /proc/PID/stat. The second field, the name, may hold spaces and brackets. */
async function bornAt(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function lockedBy(holder: Holder, folder: string, path: string): HumdrumError {
  const elsewhere = holder.host === hostname() ? '' : ` on ${holder.host}`;
  const remedy = elsewhere
    ? `If that machine is gone for good, delete ${path}.`
    : 'Stop it first, or set DATABASE_URL to a PostgreSQL server, which any number of processes may share.';
  return new HumdrumError(
    'database-locked',
    `Process ${holder.pid}${elsewhere} has the embedded database in ${folder} open, and only one process may. ${remedy}`,
  );
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

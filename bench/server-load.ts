import { readdir, readFile } from 'node:fs/promises';
import { numberFrom, type Rows } from './databases.ts';

/** Linux reports CPU time in hundredths of a second. */
const TICK_MS = 10;

interface Process {
  readonly parent: number;
  readonly cpuMs: number;
  /** CPU time of ended child processes. */
  readonly endedCpuMs: number;
}

/** CPU time of the whole server, including background processes. Null if it does not run on this Linux machine. */
export async function serverCpuMs(query: Rows): Promise<number | null> {
  const own = await readProcess(await numberFrom(query, 'select pg_backend_pid()'));
  const server = own && (await readProcess(own.parent));
  if (!own || !server) return null;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const all = await Promise.all(pids.map((pid) => readProcess(Number(pid))));
  const children = all.filter((one) => one?.parent === own.parent);
  return children.reduce((sum, one) => sum + (one?.cpuMs ?? 0), server.endedCpuMs);
}

/** Null if there is no such process or no `/proc`. */
async function readProcess(pid: number): Promise<Process | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (text === null) return null;
  // The fields after the name, which may contain anything: state, parent, and from the 12th on user and system time, own and of children.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ms = (at: number): number => Number(fields[at]) * TICK_MS;
  return { parent: Number(fields[1]), cpuMs: ms(11) + ms(12), endedCpuMs: ms(13) + ms(14) };
}

/** Dead row versions not removed by vacuum yet, by the server's own count. */
export function deadRows(query: Rows): Promise<number> {
  return numberFrom(query, 'select coalesce(sum(n_dead_tup), 0) from pg_stat_user_tables');
}

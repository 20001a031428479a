/**
 * Query plans of the hot statements: EXPLAIN (ANALYZE, BUFFERS) of each, and of the statements inside the functions it calls, with
 * the batch sizes of workers.
 *
 *   bench/node_modules/.bin/node bench/plans.ts postgres://… > bench/results/plans.md
 *
 * Needs a build of Humdrum and a superuser for `auto_explain`. All changes are rolled back.
 */
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import type { ClaimedJob } from '../dist/engine/job/claimed-job.js';
import { claimNext } from '../dist/engine/transitions/claim.js';
import type { Outcome } from '../dist/engine/job/outcome.js';
import { findDueWork } from '../dist/engine/upkeep/due-work.js';
import { promote } from '../dist/engine/transitions/promote.js';
import { rescue } from '../dist/engine/transitions/rescue.js';
import { settle } from '../dist/engine/settle/settle.js';
import { createHumdrum, defineJob } from '../dist/index.js';
import { z } from 'zod';
import { payloads } from './payload.ts';

const job = defineJob({ type: 'bench.job', input: z.unknown(), run: () => null });
const MANY = 1_000;
const NEXT = 'select 1 as next';

const AUTO_EXPLAIN = {
  log_min_duration: '0',
  log_analyze: 'on',
  log_buffers: 'on',
  log_wal: 'on',
  log_timing: 'on',
  log_nested_statements: 'on',
  log_level: 'notice',
};

export interface Explained {
  readonly what: string;
  readonly jobs: number;
  readonly ms: number;
  readonly buffers: string;
  /** Plans from `auto_explain`, inner ones first. */
  readonly plans: readonly string[];
}

/** Explains every hot statement, after one warm-up run, and rolls everything back. */
export async function explainAll(url: string): Promise<Explained[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const told: string[] = [];
  client.on('notice', ({ message }) => told.push(message ?? ''));
  const explained: Explained[] = [];
  const explain = async <T>(what: string, jobs: number, verb: () => Promise<T>): Promise<T> => {
    await client.query(NEXT);
    told.length = 0;
    const result = await verb();
    await client.query(NEXT); // The plan of a read-only query arrives only with the next query.
    const plans = told.filter((plan) => plan.startsWith('duration:') && !plan.includes(NEXT));
    const [longest = ''] = plans.toSorted((a, b) => durationOf(b) - durationOf(a));
    explained.push({ what, jobs, ms: durationOf(longest), buffers: buffersOf(longest), plans });
    return result;
  };
  try {
    await client.query(`load 'auto_explain'`);
    const set = async (settings: object): Promise<void> => {
      for (const [name, value] of Object.entries(settings)) {
        await client.query(`set auto_explain.${name} = '${String(value)}'`);
      }
    };
    const runs: [settings: object, explain: Explain][] = [
      [{}, async (_what, _jobs, verb) => verb()],
      [AUTO_EXPLAIN, explain],
    ];
    for (const [settings, each] of runs) {
      await client.query('begin');
      await set(settings);
      await runAll(client, url, each);
      await client.query('rollback');
    }
  } finally {
    await client.end();
  }
  return explained;
}

type Explain = <T>(what: string, jobs: number, verb: () => Promise<T>) => Promise<T>;

async function runAll(client: Client, url: string, explain: Explain): Promise<void> {
  const humdrum = await createHumdrum({ database: url, jobs: [job] });
  const requests = (count: number, runAt?: Date) =>
    payloads(count).map((input) => ({ type: job, input, ...(runAt && { runAt }) }));
  const enqueue = (count: number) => humdrum.enqueueWithin(client, requests(count));
  const types = [job.type];
  const from = { queue: 'default', types };
  try {
    await explain('Enqueue 1', 1, () => enqueue(1));
    await explain(`Enqueue ${MANY}`, MANY, () => enqueue(MANY));
    const worker = await addWorker(client);
    const few = await explain('Claim 10', 10, () =>
      claimNext(client, worker, { ...from, limit: 10 }),
    );
    await explain('Complete 1', 1, () => settle(client, few.jobs.slice(0, 1).map(completed), []));
    await explain('Fail 1', 1, () => settle(client, few.jobs.slice(1, 2).map(failed), []));
    await enqueue(MANY);
    const many = await explain(`Claim ${MANY}`, MANY, () =>
      claimNext(client, worker, { ...from, limit: MANY }),
    );
    const leases = many.jobs.slice(0, 1).map(({ leaseId }) => leaseId);
    await explain(`Complete ${MANY}`, MANY, () => settle(client, many.jobs.map(completed), leases));
    await enqueue(MANY);
    const lost = await claimNext(client, worker, { ...from, limit: MANY });
    await explain('Look for all that upkeep does', 0, () =>
      findDueWork(client, {
        queues: ['default'],
        types: { known: new Set(types), scheduled: new Map() },
      }),
    );
    await client.query('update humdrum.worker set lost_at = humdrum.clock() where id = $1', [
      worker,
    ]);
    const gone = { workers: [worker], proven: [worker] };
    await explain(`Rescue ${lost.jobs.length}`, lost.jobs.length, () =>
      rescue(client, 'bench', gone),
    );
    await humdrum.enqueueWithin(client, requests(MANY, new Date(Date.now() + 50)));
    await new Promise((resolve) => setTimeout(resolve, 60));
    await explain(`Promote ${MANY}`, MANY, () => promote(client));
  } finally {
    await humdrum.close();
  }
}

async function addWorker(client: Client): Promise<number> {
  const { rows } = await client.query<{ id: string }>(
    `insert into humdrum.worker (name, started_at, expires_at)
     values ('bench', humdrum.clock(), humdrum.clock() + interval '1 hour') returning id`,
  );
  return Number(rows[0]?.id);
}

const ended = { effects: [], log: [], durationMs: 1, changes: null, transaction: null };

function completed(claimed: ClaimedJob): { job: ClaimedJob; type: typeof job; outcome: Outcome } {
  return { job: claimed, type: job, outcome: { ...ended, ended: { result: null } } };
}

function failed(claimed: ClaimedJob): { job: ClaimedJob; type: typeof job; outcome: Outcome } {
  const error = { class: 'Error', message: 'no luck', stack: null };
  const failure = { error, permanent: false, retryAfterMs: null };
  return { job: claimed, type: job, outcome: { ...ended, ended: failure } };
}

function durationOf(plan: string): number {
  return Number(/^duration: ([\d.]+) ms/.exec(plan)?.[1]);
}

function report(explained: readonly Explained[]): string {
  const rows = explained.map(({ what, jobs, ms, buffers }) => {
    const each = jobs > 0 ? ((ms * 1_000) / jobs).toFixed(1) : '';
    return `| ${what} | ${ms.toFixed(2)} | ${each} | ${buffers} |`;
  });
  const table = ['| statement | ms | µs a job | buffers |', '| --- | --: | --: | --- |', ...rows];
  const details = explained.map(
    ({ what, plans }) =>
      `## ${what}\n\n${plans.map((plan) => `\`\`\`text\n${plan}\n\`\`\``).join('\n\n')}`,
  );
  return `# The plans of the hot statements\n\n${table.join('\n')}\n\n${details.join('\n\n')}\n`;
}

/** The buffers of the whole statement are those of its first node. */
function buffersOf(plan: string): string {
  return /Buffers: (.*)/.exec(plan)?.[1] ?? '';
}

const [, script, url] = process.argv;
if (script === fileURLToPath(import.meta.url)) {
  if (url === undefined) throw new Error('bench/plans.ts postgres://…');
  process.stdout.write(report(await explainAll(url)));
}

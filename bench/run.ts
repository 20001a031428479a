/** How fast bulk enqueue and drain are, with the audit on, on a real PostgreSQL that fsyncs, and on PGlite. */
import { execFile } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { parseArgs, promisify } from 'node:util';
import { startPostgres } from '../tests/support/postgres-server.ts';

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    jobs: { type: 'string' },
    runs: { type: 'string' },
  },
});
const jobs = Number(flags.jobs ?? (flags.quick ? 20_000 : 100_000));
const runs = Number(flags.runs ?? (flags.quick ? 3 : 5));
const MEASURE = new URL('measure.js', import.meta.url).pathname;

interface Rates {
  enqueue: number;
  drain: number;
}

async function measure(database?: string): Promise<Rates> {
  const args = [MEASURE, String(jobs), ...(database === undefined ? [] : [database])];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Rates;
}

function report(backend: string, rates: Rates[]): void {
  for (const what of ['enqueue', 'drain'] as const) {
    const sorted = rates.map((rate) => Math.round(rate[what])).toSorted((a, b) => a - b);
    const middle = Math.floor(sorted.length / 2);
    const figures = [middle, 0, sorted.length - 1].map((at) => sorted[at] ?? 0);
    row([backend, what, ...figures.map((figure) => figure.toLocaleString('en'))]);
  }
}

function row(cells: string[]): void {
  const widths = [20, 8, 8, 8, 8];
  const padded = cells.map((cell, at) =>
    at < 2 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0),
  );
  console.log(`| ${padded.join(' | ')} |`);
}

const server = await startPostgres({ fsync: true });
const [cpu] = cpus();
const machine = `${cpus().length} × ${cpu?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
console.log(`${machine}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}.`);
console.log(
  `${jobs.toLocaleString('en')} no-op jobs with 100 bytes of input, one worker process with default settings, ` +
    `an attempt and three audit rows a job, ${runs} runs, jobs/s:\n`,
);
row(['backend', 'what', 'median', 'least', 'most']);
row(['-', '-', '-:', '-:', '-:']);
try {
  const postgres: Rates[] = [];
  const pglite: Rates[] = [];
  for (let run = 0; run < runs; run += 1) {
    postgres.push(await measure(server.url));
    pglite.push(await measure());
  }
  report(`PostgreSQL ${server.version.split(' ')[0]}`, postgres);
  report('PGlite in memory', pglite);
} finally {
  await server.stop();
}

import type { Humdrum, PageOptions } from '../dist/index.js';

/** Queries of job pages by description, including those that are hardest on the database. */
const PAGE_QUERIES: Readonly<Record<string, PageOptions>> = {
  newest: {},
  'oldest first': { order: 'oldest' },
  completed: { status: 'completed' },
  failed: { status: 'failed' },
  'failed, oldest first': { status: 'failed', order: 'oldest' },
  'failed or cancelled': { status: ['failed', 'cancelled'] },
  cancelled: { status: 'cancelled' },
  queued: { status: 'queued' },
  running: { status: 'running' },
  'a rare type': { type: 'history.rare' },
  'a rare type, completed': { type: 'history.rare', status: 'completed' },
  'a rare type, failed': { type: 'history.rare', status: 'failed' },
  'a common type, failed': { type: 'history.mail', status: 'failed' },
  'two types': { type: ['history.rare', 'history.export'] },
  'a queue': { queue: 'slow' },
  'an attribute of half of all': { attributes: { tenant: 'acme' } },
  'an attribute of half of all, failed': { attributes: { tenant: 'acme' }, status: 'failed' },
  'an attribute of half of all, cancelled, a rare type': {
    attributes: { tenant: 'acme' },
    status: 'cancelled',
    type: 'history.rare',
  },
  'an attribute of one in two thousand': { attributes: { tenant: 'tenant-17' } },
  'an attribute of three jobs': { attributes: { tenant: 'tiny' } },
  'an attribute of none': { attributes: { tenant: 'nobody' } },
  'an error': { errorClass: 'Timeout' },
  'an error, failed': { errorClass: 'Timeout', status: 'failed' },
  'an error of none': { errorClass: 'NoSuchError' },
  'the text of an error': { error: 'WORK out' },
  'the text of no error': { error: 'nowhere to be found' },
  'a schedule': { schedule: 'history.cleanup' },
  'a schedule that made none': { schedule: 'history.mail' },
  ids: { ids: [1, 1_000, 5_000] },
};

const DAY_MS = 86_400_000;

/** Queries with times, which depend on when the history was created. */
function timedQueries(now: number): Record<string, PageOptions> {
  const ago = (days: number): Date => new Date(now - days * DAY_MS);
  return {
    'created on one day': { createdFrom: ago(12), createdTo: ago(11) },
    'created on one day, failed, oldest first': {
      createdFrom: ago(12),
      createdTo: ago(11),
      status: 'failed',
      order: 'oldest',
    },
    'created in one minute': {
      createdFrom: ago(12),
      createdTo: new Date(now - 12 * DAY_MS + 60_000),
    },
    'finished in one minute': {
      finishedFrom: ago(12),
      finishedTo: new Date(now - 12 * DAY_MS + 60_000),
    },
    'finished on one day': { finishedFrom: ago(12), finishedTo: ago(11) },
    'finished on one day, oldest first': {
      finishedFrom: ago(12),
      finishedTo: ago(11),
      order: 'oldest',
    },
    'finished before a day, a rare type': { finishedTo: ago(20), type: 'history.rare' },
  };
}

export interface Timing extends Answer {
  name: string;
  medianMs: number;
  worstMs: number;
}

/** Runs each query this many times and drops the first two, because a dashboard's queries are prepared and cached. */
export async function timeQueries(humdrum: Humdrum, times: number): Promise<Timing[]> {
  const timings: Timing[] = [];
  for (const [name, ask] of Object.entries(questions(Date.now()))) {
    timings.push(await timeOne(name, times, () => ask(humdrum)));
  }
  return timings;
}

interface Answer {
  /** Number of jobs, or of types. */
  jobs: number;
  /** Whether it is the last page. */
  last: boolean;
}

/** All timed queries by name. */
export function questions(now: number): Record<string, (humdrum: Humdrum) => Promise<Answer>> {
  const pages = Object.entries({ ...PAGE_QUERIES, ...timedQueries(now) }).map(([name, query]) => {
    const ask = async (humdrum: Humdrum): Promise<Answer> => {
      const { jobs, next } = await humdrum.pageOfJobs(query);
      return { jobs: jobs.length, last: next === null };
    };
    return [name, ask] as const;
  });
  const rows = async (answer: Promise<readonly unknown[]>): Promise<Answer> => ({
    jobs: (await answer).length,
    last: true,
  });
  const ago = (days: number): Date => new Date(now - days * DAY_MS);
  return {
    ...Object.fromEntries(pages),
    'counts by type and status': (humdrum) => rows(humdrum.countJobs()),
    'statistics since ever': (humdrum) => rows(humdrum.statistics()),
    'statistics of seven days': (humdrum) => rows(humdrum.statistics({ from: ago(7), to: ago(0) })),
    'statistics of an odd time': (humdrum) =>
      rows(humdrum.statistics({ from: ago(25.37), to: ago(1.61) })),
    'a week by hours': (humdrum) =>
      rows(humdrum.series({ from: ago(7), to: ago(0), step: 'hour' })),
    'a preview of retries': (humdrum) =>
      rows(humdrum.preview('retry', { error: 'work out' }).then(({ byType }) => byType)),
    queues: (humdrum) => rows(humdrum.listQueues()),
    workers: (humdrum) => rows(humdrum.listWorkers()),
    'children of none': (humdrum) => rows(humdrum.childrenOf(1_000).then(({ jobs }) => jobs)),
    'the audit of a job': (humdrum) =>
      rows(humdrum.searchAudit({ jobId: 1_000 }).then((page) => page.rows)),
    'the audit by nobody': (humdrum) =>
      rows(humdrum.searchAudit({ actor: 'nobody' }).then((page) => page.rows)),
    'the audit of a day': (humdrum) =>
      rows(humdrum.searchAudit({ from: ago(12), to: ago(11) }).then((page) => page.rows)),
    'execution statistics': (humdrum) => rows(humdrum.getStats().then((stats) => [stats])),
  };
}

async function timeOne(name: string, times: number, ask: () => Promise<Answer>): Promise<Timing> {
  const tookMs: number[] = [];
  let answer: Answer = { jobs: 0, last: true };
  for (let time = -2; time < times; time += 1) {
    const beganMs = performance.now();
    answer = await ask();
    if (time >= 0) tookMs.push(performance.now() - beganMs);
  }
  const sorted = tookMs.toSorted((a, b) => a - b);
  return {
    name,
    medianMs: sorted[Math.floor(sorted.length / 2)] ?? 0,
    worstMs: sorted.at(-1) ?? 0,
    ...answer,
  };
}

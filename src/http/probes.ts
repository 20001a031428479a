import { Hono, type Context } from 'hono';
import type { Humdrum } from '../engine/humdrum.ts';
import { errorMessage, HumdrumError } from '../errors.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** One thing that was looked at. What is not ok says why, in words that tell no secret. */
type Check = { ok: true } | { ok: false; reason: string };

export interface ProbeOptions {
  /** Served at `/metrics`, in Prometheus' format. Default: none. */
  metrics?: Metrics | undefined;
  /** Called before `/metrics` is told; it throws a `HumdrumError` where somebody may not read it. Default: anyone may. */
  guardMetrics?: ((c: Context) => Promise<void>) | undefined;
  /** This process is to run jobs: it is not ready before its worker has joined. Default: once `start` has been called. */
  expectWorker?: boolean | undefined;
}

/** A probe that hangs says less than one that fails. */
const PATIENCE_MS = 2_000;

/** Whether this process lives, is ready and has started, for whoever asks, and its metrics. */
export function probes(humdrum: Humdrum, options: ProbeOptions = {}): Hono {
  const { metrics, guardMetrics, expectWorker = false } = options;
  const app = new Hono();
  let started = false;
  const look = async (): Promise<Record<string, Check>> => {
    const database = await answers(humdrum);
    return {
      database,
      migrations: database.ok ? await migrated(humdrum) : database,
      worker: joined(humdrum, expectWorker),
    };
  };
  app.get('/livez', () => tell({}));
  app.get('/readyz', async () => tell(await look()));
  // Once it has started it stays so: what fails later is for the other two to say.
  app.get('/startupz', async () => {
    if (started) return tell({});
    const checks = await look();
    started = allOk(checks);
    return tell(checks);
  });
  if (metrics) {
    app.get('/metrics', async (c) => {
      await guardMetrics?.(c);
      return c.body(await metrics.text(), 200, { 'content-type': metrics.contentType });
    });
  }
  return app;
}

const allOk = (checks: Record<string, Check>): boolean =>
  Object.values(checks).every(({ ok }) => ok);

function tell(checks: Record<string, Check>): Response {
  const ok = allOk(checks);
  const headers = { 'cache-control': 'no-store' };
  const status = ok ? 'ok' : 'unavailable';
  return Response.json({ status, checks }, { status: ok ? 200 : 503, headers });
}

async function answers({ database }: Humdrum): Promise<Check> {
  const answer = database.query('select 1').then(
    () => true,
    () => false,
  );
  const ok = await inTime(answer, null);
  if (ok === true) return { ok };
  const reason =
    ok === null
      ? `the database has not answered in ${PATIENCE_MS} ms`
      : 'the database cannot be asked';
  return { ok: false, reason };
}

async function migrated(humdrum: Humdrum): Promise<Check> {
  const pending = humdrum.pendingMigrations().then(
    (names) => (names.length === 0 ? null : `the database lacks ${names.join(', ')}`),
    (error: unknown) =>
      error instanceof HumdrumError ? errorMessage(error) : 'the migrations cannot be read',
  );
  const late = `the migrations could not be read in ${PATIENCE_MS} ms`;
  const reason = await inTime(pending, late);
  return reason === null ? { ok: true } : { ok: false, reason };
}

function joined({ worker, dryRun }: Humdrum, expectWorker: boolean): Check {
  if (dryRun) return { ok: true };
  if (!worker) {
    return expectWorker ? { ok: false, reason: 'the worker has not started' } : { ok: true };
  }
  if (worker.stopping) return { ok: false, reason: 'the worker is stopping' };
  if (worker.workerId === null) {
    return { ok: false, reason: 'the worker has no lease: it has not joined yet, or has lost it' };
  }
  return { ok: true };
}

async function inTime<T, Late>(asked: Promise<T>, late: Late): Promise<T | Late> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<Late>((resolve) => {
    timer = setTimeout(() => resolve(late), PATIENCE_MS);
  });
  return Promise.race([asked, end]).finally(() => clearTimeout(timer));
}

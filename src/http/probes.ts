import { Hono, type Context } from 'hono';
import type { Humdrum } from '../engine/humdrum.ts';
import { errorMessage, HumdrumError } from '../errors.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** The result of one check. The reason and the note are public, so they must not contain secrets. */
type Check = { ok: true; note?: string } | { ok: false; reason: string };

export interface ProbeOptions {
  /** Metrics to serve at `/metrics` in Prometheus' format. Default: none. */
  metrics?: Metrics | undefined;
  /** Called before `/metrics` is served. Throws a `HumdrumError` to refuse. Default: anyone may read it. */
  guardMetrics?: ((c: Context) => Promise<void>) | undefined;
  /** Whether this process must run jobs, so that it is not ready before its worker has joined. Default: only after `start`. */
  expectWorker?: boolean | undefined;
}

/** A failing probe says more than one that hangs. */
const PATIENCE_MS = 2_000;

/** Liveness, readiness and startup probes without authentication, and metrics. */
export function probes(humdrum: Humdrum, options: ProbeOptions = {}): Hono {
  const { metrics, guardMetrics, expectWorker = false } = options;
  const app = new Hono();
  let started = false;
  const check = async (): Promise<Record<string, Check>> => {
    const database = await isReachable(humdrum);
    return {
      database,
      migrations: database.ok ? await migrated(humdrum) : database,
      worker: joined(humdrum, expectWorker),
      ...(database.ok && (await held(humdrum))),
    };
  };
  app.get('/livez', () => respond({}));
  app.get('/readyz', async () => respond(await check()));
  // Startup succeeds once and stays that way. Later failures are for the other two probes.
  app.get('/startupz', async () => {
    if (started) return respond({});
    const checks = await check();
    started = allOk(checks);
    return respond(checks);
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

function respond(checks: Record<string, Check>): Response {
  const ok = allOk(checks);
  const headers = { 'cache-control': 'no-store' };
  const status = ok ? 'ok' : 'unavailable';
  return Response.json({ status, checks }, { status: ok ? 200 : 503, headers });
}

async function isReachable({ database }: Humdrum): Promise<Check> {
  const answer = database.query('select 1').then(
    () => true,
    () => false,
  );
  const ok = await inTime(answer, null);
  if (ok === true) return { ok };
  const reason =
    ok === null
      ? `the database did not answer within ${PATIENCE_MS} ms`
      : 'the database cannot be queried';
  return { ok: false, reason };
}

async function migrated(humdrum: Humdrum): Promise<Check> {
  const pending = humdrum.pendingMigrations().then(
    (names) => (names.length === 0 ? null : `pending migrations: ${names.join(', ')}`),
    (error: unknown) =>
      error instanceof HumdrumError ? errorMessage(error) : 'the migrations cannot be read',
  );
  const late = `the migrations could not be read within ${PATIENCE_MS} ms`;
  const reason = await inTime(pending, late);
  return reason === null ? { ok: true } : { ok: false, reason };
}

/** Not unavailable: jobs can be enqueued, and a process that runs them is as it should be. */
async function held(humdrum: Humdrum): Promise<Record<string, Check>> {
  const hold = await inTime(
    humdrum.hold().catch(() => null),
    null,
  );
  if (!hold) return {};
  const note = `the database is held since ${hold.at.toISOString()}: no job starts`;
  return { hold: { ok: true, note } };
}

function joined({ worker, dryRun }: Humdrum, expectWorker: boolean): Check {
  if (dryRun) return { ok: true };
  if (!worker) {
    return expectWorker ? { ok: false, reason: 'the worker has not started' } : { ok: true };
  }
  if (worker.stopping) return { ok: false, reason: 'the worker is stopping' };
  if (worker.workerId === null) {
    return { ok: false, reason: 'the worker has no lease: it has not joined yet or has lost it' };
  }
  if (worker.claimsFail) return { ok: false, reason: 'the last claim of the worker failed' };
  return { ok: true };
}

async function inTime<T, Late>(promise: Promise<T>, late: Late): Promise<T | Late> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<Late>((resolve) => {
    timer = setTimeout(() => resolve(late), PATIENCE_MS);
  });
  return Promise.race([promise, end]).finally(() => clearTimeout(timer));
}

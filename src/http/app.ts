import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Execution } from '../engine/history.ts';
import type { Humdrum } from '../engine/humdrum.ts';
import { HumdrumError, type ErrorCode } from '../errors.ts';
import { refuseForeign } from './same-origin.ts';

const STATUS_OF: Partial<Record<ErrorCode, ContentfulStatusCode>> = {
  'action-refused': 409,
  'dry-run': 409,
  'type-unknown': 404,
  'job-not-found': 404,
  'input-invalid': 400,
  'filter-invalid': 400,
  'cursor-invalid': 400,
  'attribute-unknown': 400,
  'request-refused': 403,
};
const MAX_HISTORY = 100;
const MAX_BODY_BYTES = 2 * 1_048_576;
const DEFAULT_HISTORY = 20;

/** A plain `fetch` handler over an engine. It has no access control of its own yet: serve it on loopback only. */
export function createApp(humdrum: Humdrum): Hono {
  const app = new Hono();
  app.use(refuseForeign);
  app.use(bodyLimit({ maxSize: MAX_BODY_BYTES, onError: tooLarge }));
  app.get('/livez', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', (c) => ready(c, humdrum));
  app.get('/api/v1/jobs/status', async (c) => {
    const stats = await humdrum.getStats();
    const recent = await humdrum.getExecutionHistory(10);
    return c.json({ success: true, data: { stats, recentExecutions: recent.map(toExecution) } });
  });
  app.get('/api/v1/jobs/history', async (c) => {
    const executions = await humdrum.getExecutionHistory(readLimit(c.req.query('limit')));
    return c.json({
      success: true,
      data: { executions: executions.map(toExecution), count: executions.length },
    });
  });
  app.post('/api/v1/jobs/trigger/:jobName', async (c) => {
    const name = c.req.param('jobName');
    const input = await readInput(c);
    if (humdrum.dryRun) {
      const data = await humdrum.rehearse(name, input);
      return c.json({
        success: true,
        message: `Job '${name}' rehearsed: nothing was written`,
        data,
      });
    }
    await humdrum.triggerJob(name, input, 'http');
    return c.json({ success: true, message: `Job '${name}' triggered successfully` });
  });
  app.notFound((c) => refusal(c, 404, 'not-found', `There is no ${c.req.method} ${c.req.path}.`));
  app.onError((error, c) => {
    if (!(error instanceof HumdrumError)) {
      console.error(error);
      return refusal(
        c,
        500,
        'internal',
        'Something failed here. The log of this process says what.',
      );
    }
    return refusal(c, STATUS_OF[error.code] ?? 500, error.code, error.message);
  });
  return app;
}

function tooLarge(c: Context): Response {
  return refusal(c, 413, 'input-invalid', `A body has at most ${MAX_BODY_BYTES} bytes.`);
}

async function ready(c: Context, humdrum: Humdrum): Promise<Response> {
  try {
    await humdrum.database.query('select 1');
    return c.json({ status: 'ok' });
  } catch {
    return c.json({ status: 'unavailable', reason: 'the database does not answer' }, 503);
  }
}

function toExecution({ name, startedAt, completedAt, success, durationMs, error }: Execution) {
  const failure = success ? {} : { error };
  return { name, startedAt, completedAt, success, durationMs, ...failure };
}

function readLimit(text: string | undefined): number {
  if (text === undefined) return DEFAULT_HISTORY;
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1) {
    throw new HumdrumError(
      'input-invalid',
      `limit is a whole number from 1 to ${MAX_HISTORY}, not "${text}".`,
    );
  }
  return Math.min(limit, MAX_HISTORY);
}

/** The body, where there is one, is the job's input. */
async function readInput(c: Context): Promise<unknown> {
  const body = await c.req.text();
  if (body === '') return undefined;
  try {
    return JSON.parse(body) as unknown;
  } catch (cause) {
    throw new HumdrumError(
      'input-invalid',
      'The body is the input of the job: JSON, or nothing at all.',
      { cause },
    );
  }
}

function refusal(
  c: Context,
  status: ContentfulStatusCode,
  code: string,
  message: string,
): Response {
  return c.json({ success: false, error: { code, message } }, status);
}

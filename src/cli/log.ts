import { type DestinationStream, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import type { ClaimedJob } from '../engine/job/claimed-job.ts';
import { describeHold } from '../engine/job/hold.ts';
import type { Outcome } from '../engine/job/outcome.ts';
import type { Plan } from '../engine/job/plan.ts';
import type { EngineEvent, Listener } from '../engine/ports/events.ts';
import { errorMessage, HumdrumError } from '../errors.ts';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** Names redacted in the fields that handlers log, also one level deeper. */
const SECRETS = [
  'authorization',
  'cookie',
  'password',
  'secret',
  'token',
  'apiKey',
  'api_key',
  'accessToken',
  'access_token',
  'refreshToken',
  'refresh_token',
  'cardNumber',
  'iban',
];

/**
 * Creates the log on standard error: text for people, or JSON lines (`LOG_FORMAT=json`). `LOG_REDACT` adds paths to redact, such
 * as `fields.email,fields.*.phone`. Errors: `config-invalid`.
 */
export function createLog(): Logger {
  const level = levelSet();
  if (process.env['LOG_FORMAT'] === 'json') return make(level, pino.destination(2));
  const stream = pretty({
    destination: 2,
    sync: true,
    colorize: process.stderr.isTTY && !process.env['NO_COLOR'],
    ignore: 'pid,hostname',
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
  });
  return make(level, stream);
}

/** Refuses the settings that `createLog` refuses, and writes nothing. Errors: `config-invalid`. */
export function tryLog(): void {
  make(levelSet(), { write: () => undefined });
}

function levelSet(): string {
  const level = process.env['LOG_LEVEL'] || 'info';
  if (LEVELS.includes(level)) return level;
  throw new HumdrumError(
    'config-invalid',
    `LOG_LEVEL must be one of ${LEVELS.join(', ')}, not "${level}".`,
  );
}

function make(level: string, stream: DestinationStream): Logger {
  const more = (process.env['LOG_REDACT'] ?? '').split(',').filter((path) => path !== '');
  const paths = SECRETS.flatMap((name) => [`fields.${name}`, `fields.*.${name}`]);
  try {
    return pino({ level, redact: { paths: [...paths, ...more], censor: '[redacted]' } }, stream);
  } catch (cause) {
    throw new HumdrumError(
      'config-invalid',
      `LOG_REDACT must be a list of paths such as fields.email,fields.*.phone: ${errorMessage(cause)}`,
      { cause },
    );
  }
}

/** A listener that logs engine events. All log messages of the CLI are defined here. */
export function logTo(log: Logger): Listener {
  return (event) => logEvent(log, event);
}

function logEvent(log: Logger, event: EngineEvent): void {
  switch (event.event) {
    case 'job-started':
      return logStarted(log, event);
    case 'job-settled':
      return logSettled(log, event);
    case 'job-fenced':
      logLines(log, event);
      return log.warn(runOf(event), 'settlement refused: the lease had expired');
    case 'jobs-claimed':
      return log.trace(
        { queue: event.queue, tookMs: Math.round(event.tookMs) },
        `jobs claimed: ${event.jobs}`,
      );
    case 'batch-settled':
      return log.trace({ tookMs: Math.round(event.tookMs) }, `attempts settled: ${event.jobs}`);
    case 'jobs-rescued':
      return log.warn(
        { again: event.again, charged: event.charged },
        `rescued from lost workers: ${event.rescued}`,
      );
    case 'loop-blocked':
      return logBlocked(log, event);
    case 'job-given-back':
      return logGivenBack(log, event);
    case 'job-aborted':
      logLines(log, event, 'info'); // Nothing else keeps them: the attempt is not recorded.
      return log.warn(runOf(event), `${event.job.type} aborted, and not counted as an attempt`);
    case 'jobs-released':
      return log.info(`released unfinished: ${event.released}`);
    case 'ticks-fired':
      return log.info(`jobs created by schedules: ${event.fired}`);
    case 'schedules-kept':
      return logKept(log, event);
    case 'types-unknown':
      return log.warn(
        `left for other workers, because this one does not have these types: ${event.types.join(', ')}`,
      );
    case 'database-held':
      return log.warn(
        `the database is held ${describeHold(event.hold)}. No job starts and no schedule fires until: humdrum db unhold`,
      );
    case 'database-unheld':
      return log.info('the database is no longer held: jobs start again');
    case 'worker-started':
      return log.info(
        { queues: event.queues, concurrency: event.concurrency },
        `worker ${event.workerId} started`,
      );
    case 'worker-stopped':
      return log.info(`worker ${event.workerId} stopped`);
    case 'lease-lost':
      return log.error(
        `worker ${event.workerId} missed its heartbeats and lost its lease and jobs; restarting`,
      );
    case 'rehearsed':
      return logRehearsed(log, event.plan);
    case 'alert':
      return logAlert(log, event);
    case 'notification': {
      const { channel, to, subject, text } = event;
      return log.info({ channel, to, subject }, `notification: ${text}`);
    }
    case 'trouble':
      return log.error(
        { err: event.error, ...(event.repeated !== undefined && { repeated: event.repeated }) },
        `trouble while ${event.doing}`,
      );
  }
}

function logBlocked(log: Logger, { ms, jobs }: EngineEvent & { event: 'loop-blocked' }): void {
  const running = jobs.slice(0, 3).map(({ type, id }) => `${type} ${id}`);
  log.warn(
    { ms: Math.round(ms) },
    `nothing ran for ${Math.round(ms)} ms, because a handler computed without a pause: ${running.join(', ')}`,
  );
}

function logKept(log: Logger, { schedules }: EngineEvent & { event: 'schedules-kept' }): void {
  log.warn(
    `the schedules of running workers stay, because they are newer than the ones of this program: ${schedules.join(', ')}`,
  );
}

function logGivenBack(log: Logger, event: EngineEvent & { event: 'job-given-back' }): void {
  const { job, error } = event;
  log.warn(
    { job: job.id, type: job.type },
    `${job.type} ${job.id}: given back, not counted as an attempt: ${error.message}`,
  );
}

function logRehearsed(log: Logger, { type, tables, effects, error, hash, at }: Plan): void {
  const about = { at, tables, effects: effects.length, plan: hash };
  if (error) log.error(about, `dry run of ${type} failed: ${error.class}: ${error.message}`);
  else log.info(about, `dry run of ${type}: nothing was written`);
}

const ALERT_LEVEL = { notice: 'warn', warning: 'warn', error: 'error', critical: 'fatal' } as const;

function logAlert(log: Logger, event: EngineEvent & { event: 'alert' }): void {
  const { notice, severity, kind, subject, summary } = event;
  const level = notice === 'resolved' || notice === 'test' ? 'info' : ALERT_LEVEL[severity];
  log[level]({ kind, subject, severity }, `alert ${notice}: ${summary.replace(/^Resolved: /, '')}`);
}

/** There may be thousands a second, so nothing is made unless it is shown. */
function logStarted(log: Logger, { job, trace }: EngineEvent & { event: 'job-started' }): void {
  if (log.isLevelEnabled('debug')) log.debug(aboutRun(job, trace), `${job.type} started`);
}

/** Fields on every line of a run. Includes the trace id if tracing is on. */
function runOf({ job, outcome }: { job: ClaimedJob; outcome: Outcome }): object {
  return aboutRun(job, outcome.trace ?? null);
}

function aboutRun({ id, attempt, type }: ClaimedJob, trace: string | null): object {
  const about = { job: id, attempt, type };
  return trace === null ? about : { ...about, trace_id: traceIdOf(trace) };
}

/** The trace id is the second part of `traceparent`. */
const traceIdOf = (trace: string): string => trace.split('-')[1] ?? '';

/** Logs the lines that the handler logged. */
function logLines(
  log: Logger,
  run: { job: ClaimedJob; outcome: Outcome },
  level: 'debug' | 'info' = 'debug',
): void {
  if (!log.isLevelEnabled(level)) return;
  for (const { message, fields } of run.outcome.log) {
    log[level](fields ? { ...runOf(run), fields } : runOf(run), message);
  }
}

/** A failure that will be retried is a warning. A final one is an error. */
function logSettled(log: Logger, event: EngineEvent & { event: 'job-settled' }): void {
  const { job, outcome } = event;
  const { ended, durationMs } = outcome;
  const about = { ...runOf(event), durationMs: Math.round(durationMs) };
  logLines(log, event);
  if ('error' in ended) {
    const isFinal = ended.permanent || job.attempt >= job.maxAttempts;
    const error = `${ended.error.class}: ${ended.error.message}`;
    if (isFinal) log.error({ ...about, error }, `${job.type} failed`);
    else log.warn({ ...about, error }, `${job.type} failed, and will be retried`);
    return;
  }
  const { result } = ended;
  const message =
    typeof result === 'object' && result !== null && 'message' in result && result['message'];
  log.info(about, `${job.type} completed${typeof message === 'string' ? `: ${message}` : ''}`);
}

import { type DestinationStream, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import type { ClaimedJob } from '../engine/job/claimed-job.ts';
import type { Outcome } from '../engine/job/outcome.ts';
import type { Plan } from '../engine/job/plan.ts';
import type { EngineEvent, Listener } from '../engine/ports/events.ts';
import { errorMessage, HumdrumError } from '../errors.ts';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** What no log ought to hold, in what handlers log: of their fields, and one level deeper. */
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
 * Words for people at a terminal, JSON lines for machines (`LOG_FORMAT=json`); on standard error. `LOG_REDACT`: more paths
 * that are left out, like `fields.email,fields.*.phone`. Errors: `config-invalid`.
 */
export function createLog(): Logger {
  const level = process.env['LOG_LEVEL'] || 'info';
  if (!LEVELS.includes(level)) {
    throw new HumdrumError(
      'config-invalid',
      `LOG_LEVEL is one of ${LEVELS.join(', ')}, not "${level}".`,
    );
  }
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

function make(level: string, stream: DestinationStream): Logger {
  const more = (process.env['LOG_REDACT'] ?? '').split(',').filter((path) => path !== '');
  const paths = SECRETS.flatMap((name) => [`fields.${name}`, `fields.*.${name}`]);
  try {
    return pino({ level, redact: { paths: [...paths, ...more], censor: '[redacted]' } }, stream);
  } catch (cause) {
    throw new HumdrumError(
      'config-invalid',
      `LOG_REDACT is a list of paths like fields.email,fields.*.phone: ${errorMessage(cause)}`,
      { cause },
    );
  }
}

/** The one place that words what the engine does. */
export function logTo(log: Logger): Listener {
  return (event) => word(log, event);
}

function word(log: Logger, event: EngineEvent): void {
  switch (event.event) {
    case 'job-settled':
      return wordSettled(log, event);
    case 'job-fenced':
      wordSaid(log, event);
      return log.warn(runOf(event), 'settlement refused: the lease had passed');
    case 'jobs-claimed':
      return log.trace(
        { queue: event.queue, tookMs: Math.round(event.tookMs) },
        `jobs claimed: ${event.jobs}`,
      );
    case 'batch-settled':
      return log.trace({ tookMs: Math.round(event.tookMs) }, `attempts settled: ${event.jobs}`);
    case 'jobs-rescued':
      return log.warn(
        { again: event.again },
        `rescued from workers that are gone: ${event.rescued}`,
      );
    case 'jobs-released':
      return log.info(`given back unfinished: ${event.released}`);
    case 'ticks-fired':
      return log.info(`jobs made by schedules: ${event.fired}`);
    case 'types-unknown':
      return log.warn(
        `left for other workers, since this one does not know their types: ${event.types.join(', ')}`,
      );
    case 'worker-started':
      return log.info(
        { queues: event.queues, concurrency: event.concurrency },
        `worker ${event.workerId} started`,
      );
    case 'worker-stopped':
      return log.info(`worker ${event.workerId} stopped`);
    case 'lease-lost':
      return log.error(
        `worker ${event.workerId} was silent for too long and has lost its jobs; starting anew`,
      );
    case 'rehearsed':
      return wordRehearsed(log, event.plan);
    case 'alert':
      return wordAlert(log, event);
    case 'notification': {
      const { channel, to, subject, text } = event;
      return log.info({ channel, to, subject }, `notification: ${text}`);
    }
    case 'trouble':
      return log.error({ err: event.error }, `trouble while ${event.doing}`);
  }
}

function wordRehearsed(log: Logger, { type, tables, effects, error, hash, at }: Plan): void {
  const about = { at, tables, effects: effects.length, plan: hash };
  if (error) log.error(about, `dry run of ${type} failed: ${error.class}: ${error.message}`);
  else log.info(about, `dry run of ${type}: nothing was written`);
}

const ALERT_LEVEL = { notice: 'warn', warning: 'warn', error: 'error', critical: 'fatal' } as const;

function wordAlert(log: Logger, event: EngineEvent & { event: 'alert' }): void {
  const { notice, severity, kind, subject, summary } = event;
  const level = notice === 'resolved' || notice === 'test' ? 'info' : ALERT_LEVEL[severity];
  log[level]({ kind, subject, severity }, `alert ${notice}: ${summary}`);
}

/** What stands on every line of a run. The trace is there where somebody traces. */
function runOf({ job, outcome }: { job: ClaimedJob; outcome: Outcome }): object {
  const { id, attempt, type } = job;
  const about = { job: id, attempt, type };
  return outcome.trace === undefined ? about : { ...about, trace_id: traceIdOf(outcome.trace) };
}

/** Of a `traceparent`: its second part. */
const traceIdOf = (trace: string): string => trace.split('-')[1] ?? '';

/** What the handler said while it ran. */
function wordSaid(log: Logger, run: { job: ClaimedJob; outcome: Outcome }): void {
  if (!log.isLevelEnabled('debug')) return;
  for (const { message, fields } of run.outcome.log) {
    log.debug(fields ? { ...runOf(run), fields } : runOf(run), message);
  }
}

/** A failure that is tried again is for the morning, one that is not is for now. */
function wordSettled(log: Logger, event: EngineEvent & { event: 'job-settled' }): void {
  const { job, outcome } = event;
  const { ended, durationMs } = outcome;
  const about = { ...runOf(event), durationMs: Math.round(durationMs) };
  wordSaid(log, event);
  if ('error' in ended) {
    const last = ended.permanent || job.attempt >= job.maxAttempts;
    const error = `${ended.error.class}: ${ended.error.message}`;
    if (last) log.error({ ...about, error }, `${job.type} failed`);
    else log.warn({ ...about, error }, `${job.type} failed, and will be tried again`);
    return;
  }
  const { result } = ended;
  const message =
    typeof result === 'object' && result !== null && 'message' in result && result['message'];
  log.info(about, `${job.type} completed${typeof message === 'string' ? `: ${message}` : ''}`);
}

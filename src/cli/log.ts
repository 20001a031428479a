import { pino, type Logger } from 'pino';
import pretty from 'pino-pretty';
import type { EngineEvent, Listener } from '../engine/events.ts';
import type { Plan } from '../engine/plan.ts';
import { HumdrumError } from '../errors.ts';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** Words for people at a terminal, JSON lines for machines (`LOG_FORMAT=json`); on standard error. */
export function createLog(): Logger {
  const level = process.env['LOG_LEVEL'] || 'info';
  if (!LEVELS.includes(level)) {
    throw new HumdrumError(
      'config-invalid',
      `LOG_LEVEL is one of ${LEVELS.join(', ')}, not "${level}".`,
    );
  }
  if (process.env['LOG_FORMAT'] === 'json') return pino({ level }, pino.destination(2));
  const stream = pretty({
    destination: 2,
    sync: true,
    colorize: process.stderr.isTTY && !process.env['NO_COLOR'],
    ignore: 'pid,hostname',
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
  });
  return pino({ level }, stream);
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
      return log.warn(
        { job: event.job.id, attempt: event.job.attempt },
        'settlement refused: the lease had passed',
      );
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
    case 'trouble':
      return log.error({ err: event.error }, `trouble while ${event.doing}`);
  }
}

function wordRehearsed(log: Logger, { type, tables, effects, error, hash, at }: Plan): void {
  const about = { at, tables, effects: effects.length, plan: hash };
  if (error) log.error(about, `dry run of ${type} failed: ${error.class}: ${error.message}`);
  else log.info(about, `dry run of ${type}: nothing was written`);
}

function wordSettled(log: Logger, { job, outcome }: EngineEvent & { event: 'job-settled' }): void {
  const { ended, durationMs } = outcome;
  const about = { job: job.id, attempt: job.attempt, durationMs: Math.round(durationMs) };
  if ('error' in ended) {
    log.error(
      { ...about, error: `${ended.error.class}: ${ended.error.message}` },
      `${job.type} failed`,
    );
    return;
  }
  const { result } = ended;
  const message =
    typeof result === 'object' && result !== null && 'message' in result && result['message'];
  log.info(about, `${job.type} completed${typeof message === 'string' ? `: ${message}` : ''}`);
}

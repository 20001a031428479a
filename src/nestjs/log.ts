import { Logger } from '@nestjs/common';
import { describeHold } from '../engine/job/hold.ts';
import type { EngineEvent, Listener } from '../engine/ports/events.ts';
import { errorMessage } from '../errors.ts';

/** The default listener: logs engine events with the application's logger. */
export function logToNest(log = new Logger('Humdrum')): Listener {
  return (event) => logEvent(log, event);
}

function logEvent(log: Logger, event: EngineEvent): void {
  switch (event.event) {
    case 'worker-started':
      return log.log(`worker ${event.workerId} started: ${event.queues.join(', ')}`);
    case 'worker-stopped':
      return log.log(`worker ${event.workerId} stopped`);
    case 'job-started':
      return log.debug(`${event.job.type} ${event.job.id}, attempt ${event.job.attempt}: started`);
    case 'job-settled':
      return logSettled(log, event);
    case 'job-fenced':
      return log.warn(
        `${event.job.type} ${event.job.id}: not settled, because the lease had expired`,
      );
    case 'job-aborted':
      return log.warn(
        [
          `${event.job.type} ${event.job.id}: aborted, and not counted as an attempt`,
          ...event.outcome.log.map(({ message }) => message),
        ].join('\n'),
      );
    case 'jobs-rescued':
      return log.warn(`rescued from lost workers: ${event.rescued}`);
    case 'loop-blocked':
      return log.warn(
        `nothing ran for ${Math.round(event.ms)} ms, because a handler computed without a pause`,
      );
    case 'job-given-back':
      return log.warn(
        `${event.job.type} ${event.job.id}: given back, not counted as an attempt: ${event.error.message}`,
      );
    case 'schedules-kept':
      return log.warn(`newer schedules of running workers stay: ${event.schedules.join(', ')}`);
    case 'types-unknown':
      return log.warn(`no handler here, left for other workers: ${event.types.join(', ')}`);
    case 'database-held':
      return log.warn(`the database is held ${describeHold(event.hold)}. No job starts`);
    case 'database-unheld':
      return log.log('the database is no longer held: jobs start again');
    case 'lease-lost':
      return log.error(`worker ${event.workerId} lost its lease; restarting`);
    case 'alert':
      return log.warn(`alert ${event.notice}: ${event.summary}`);
    case 'notification':
      return log.log(`notification: ${event.text}`);
    case 'trouble':
      return log.error(`trouble while ${event.doing}: ${errorMessage(event.error)}`);
    default:
      return log.debug(event.event);
  }
}

/** A failure that will be retried is a warning. A final one is an error. */
function logSettled(log: Logger, { job, outcome }: EngineEvent & { event: 'job-settled' }): void {
  const about = `${job.type} ${job.id}, attempt ${job.attempt}`;
  const { ended } = outcome;
  if (!('error' in ended)) return log.debug(`${about}: completed`);
  const message = `${about}: ${ended.error.class}: ${ended.error.message}`;
  const isFinal = ended.permanent || job.attempt >= job.maxAttempts;
  return isFinal ? log.error(message, ended.error.stack) : log.warn(`${message}; will be retried`);
}

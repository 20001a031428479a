import { Logger } from '@nestjs/common';
import type { EngineEvent, Listener } from '../engine/ports/events.ts';
import { errorMessage } from '../errors.ts';

/** Tells the logger of the application what somebody should know of, where nobody else listens to the engine. */
export function logToNest(log = new Logger('Humdrum')): Listener {
  return (event) => word(log, event);
}

function word(log: Logger, event: EngineEvent): void {
  switch (event.event) {
    case 'worker-started':
      return log.log(`worker ${event.workerId} started: ${event.queues.join(', ')}`);
    case 'worker-stopped':
      return log.log(`worker ${event.workerId} stopped`);
    case 'job-settled':
      return wordSettled(log, event);
    case 'job-fenced':
      return log.warn(`${event.job.type} ${event.job.id}: not settled, the lease had passed`);
    case 'jobs-rescued':
      return log.warn(`rescued from workers that are gone: ${event.rescued}`);
    case 'types-unknown':
      return log.warn(`left for other workers, without a handler: ${event.types.join(', ')}`);
    case 'lease-lost':
      return log.error(`worker ${event.workerId} was silent for too long; starting anew`);
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

/** A failure that is tried again is for the morning, one that is not is for now. */
function wordSettled(log: Logger, { job, outcome }: EngineEvent & { event: 'job-settled' }): void {
  const about = `${job.type} ${job.id}, attempt ${job.attempt}`;
  const { ended } = outcome;
  if (!('error' in ended)) return log.debug(`${about}: completed`);
  const said = `${about}: ${ended.error.class}: ${ended.error.message}`;
  const last = ended.permanent || job.attempt >= job.maxAttempts;
  return last ? log.error(said, ended.error.stack) : log.warn(`${said}; it will be tried again`);
}

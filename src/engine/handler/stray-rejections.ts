import { ambientOnStray } from '../../database/ambient.ts';
import { errorMessage } from '../../errors.ts';

let listening = false;

/**
 * Makes unhandled rejections those of the attempt whose handler made the promise, also after its end. Node would end the
 * process, and with it all other jobs. Rejections that are no handler's still do. One async context serves this and the
 * ambient transaction: a second one per job is measurable.
 */
export function ownRejections(): void {
  if (!listening) process.on('unhandledRejection', onUnhandledRejection);
  listening = true;
}

function onUnhandledRejection(reason: unknown): void {
  const onStray = ambientOnStray();
  if (onStray) onStray(reason);
  else if (process.listenerCount('unhandledRejection') === 1 && endsTheProcess()) throw reason;
}

/** Node's default. With a listener, Node leaves it to the listener. */
function endsTheProcess(): boolean {
  const flags = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' ');
  return !/--unhandled-rejections[= ](?:warn|none)/.test(flags);
}

export class StrayRejection extends Error {
  constructor(cause: unknown) {
    super(`A promise that the handler did not await was rejected: ${errorMessage(cause)}`, {
      cause,
    });
    this.name = 'StrayRejection';
  }
}

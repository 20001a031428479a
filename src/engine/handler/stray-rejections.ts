import { AsyncLocalStorage } from 'node:async_hooks';
import { errorMessage } from '../../errors.ts';

/** Called with the reason of a promise that an attempt's handler made, did not await, and that was rejected. */
export type OnStray = (error: unknown) => void;

const attempts = new AsyncLocalStorage<OnStray>();
let listening = false;

/**
 * Runs a handler so that its unhandled rejections, also those after its end, are its own. Node would end the process, and
 * with it all other jobs. Rejections that are no handler's still do.
 */
export function runOwningRejections<T>(onStray: OnStray, handler: () => Promise<T>): Promise<T> {
  if (!listening) process.on('unhandledRejection', onUnhandledRejection);
  listening = true;
  return attempts.run(onStray, handler);
}

function onUnhandledRejection(reason: unknown): void {
  const onStray = attempts.getStore();
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

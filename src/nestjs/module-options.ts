import type { InjectionToken, ModuleMetadata, OptionalFactoryDependency } from '@nestjs/common';
import { checkOptions as checkEngineOptions, type HumdrumOptions } from '../engine/options.ts';
import { HumdrumError, type Names } from '../errors.ts';

/** `producer` enqueues and runs nothing; `worker` is there to run jobs, and refuses to start without any; `both` does either. */
export type Mode = 'both' | 'producer' | 'worker';

const MODES: readonly string[] = ['both', 'producer', 'worker'] satisfies Mode[];

/** Those of `createHumdrum`, and how the engine lives in the application. `jobs` are added to the handlers that are found. */
export interface HumdrumModuleOptions extends HumdrumOptions {
  /** Default: both. */
  mode?: Mode;
  /** How long jobs that run may go on when the application closes, before they are aborted and given back. Default 30,000. */
  drainMs?: number;
}

const OWN = { mode: true, drainMs: true } satisfies Names<
  Omit<HumdrumModuleOptions, keyof HumdrumOptions>
>;

export interface HumdrumAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  inject?: (InjectionToken | OptionalFactoryDependency)[];
  /** What `inject` names becomes its arguments. */
  useFactory: (...injected: never[]) => HumdrumModuleOptions | Promise<HumdrumModuleOptions>;
}

export const OPTIONS = Symbol('humdrum options');

/** Errors: `config-invalid`. */
export function checkOptions(options: HumdrumModuleOptions): HumdrumModuleOptions {
  checkEngineOptions(options, 'The options of HumdrumModule', OWN);
  const { mode = 'both', drainMs } = options;
  if (!MODES.includes(mode)) throw invalid(`mode is one of ${MODES.join(', ')}, not "${mode}".`);
  if (drainMs !== undefined && !(Number.isInteger(drainMs) && drainMs >= 0)) {
    throw invalid('drainMs is a whole number of milliseconds, from 0.');
  }
  return options;
}

function invalid(what: string): HumdrumError {
  return new HumdrumError('config-invalid', `HumdrumModule: ${what}`);
}

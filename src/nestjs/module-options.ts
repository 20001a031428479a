import type { InjectionToken, ModuleMetadata, OptionalFactoryDependency } from '@nestjs/common';
import { checkOptions as checkEngineOptions, type HumdrumOptions } from '../engine/options.ts';
import { HumdrumError, type Names } from '../errors.ts';

/** `producer` only enqueues. `worker` runs jobs and refuses to start without handlers. `both` does either. */
export type Mode = 'both' | 'producer' | 'worker';

const MODES: readonly string[] = ['both', 'producer', 'worker'] satisfies Mode[];

/** The options of `createHumdrum`, and those of the module. `jobs` are added to the handlers found among the providers. */
export interface HumdrumModuleOptions extends HumdrumOptions {
  /** Default: both. */
  mode?: Mode;
  /** How long running jobs may continue when the application closes, before they are aborted and released. Default: 30,000. */
  drainMs?: number;
}

const OWN = { mode: true, drainMs: true } satisfies Names<
  Omit<HumdrumModuleOptions, keyof HumdrumOptions>
>;

export interface HumdrumAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  inject?: (InjectionToken | OptionalFactoryDependency)[];
  /** Called with the providers that `inject` names. */
  useFactory: (...injected: never[]) => HumdrumModuleOptions | Promise<HumdrumModuleOptions>;
}

export const OPTIONS = Symbol('humdrum options');

/** Errors: `config-invalid`. */
export function checkOptions(options: HumdrumModuleOptions): HumdrumModuleOptions {
  checkEngineOptions(options, 'The options of HumdrumModule', OWN);
  const { mode = 'both', drainMs } = options;
  if (!MODES.includes(mode))
    throw invalid(`mode must be one of ${MODES.join(', ')}, not "${mode}".`);
  if (drainMs !== undefined && !(typeof drainMs === 'number' && drainMs >= 0)) {
    throw invalid('drainMs must be a number of milliseconds, 0 or more, or Infinity.');
  }
  return options;
}

function invalid(message: string): HumdrumError {
  return new HumdrumError('config-invalid', `HumdrumModule: ${message}`);
}

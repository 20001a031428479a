import type {
  OnApplicationBootstrap,
  OnApplicationShutdown,
  OnModuleDestroy,
} from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import type { Humdrum } from '../engine/humdrum.ts';
import { HumdrumError } from '../errors.ts';
import type { HumdrumModuleOptions } from './module-options.ts';

/** Starts the engine with the application, and drains it before anything is taken away that handlers need. */
export class Lifecycle implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  readonly #humdrum: Humdrum;
  readonly #options: HumdrumModuleOptions;

  constructor(humdrum: Humdrum, options: HumdrumModuleOptions, modules: ModulesContainer) {
    this.#humdrum = humdrum;
    this.#options = options;
    comeLast(modules);
  }

  /** Errors: `handlers-missing`. */
  async onApplicationBootstrap(): Promise<void> {
    const { mode = 'both' } = this.#options;
    if (mode === 'producer') return;
    if (mode === 'worker' && this.#humdrum.types.own().length === 0) throw nothingToRun();
    await this.#humdrum.start();
  }

  /** Jobs can still be enqueued after this: requests that have come are answered yet. */
  async onModuleDestroy(): Promise<void> {
    await this.#humdrum.stop(this.#options.drainMs);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#humdrum.close();
  }
}

/**
 * Nest starts modules by their distance from the root, the farthest first, and destroys them the other way round. Global ones
 * count as the farthest: the engine would start before what its handlers need, and drain after that has gone.
 * Errors: `config-invalid`.
 */
function comeLast(modules: ModulesContainer): void {
  const ours = [...modules.values()].filter((module) => module.providers.has(Lifecycle));
  if (ours.length > 1) {
    throw new HumdrumError(
      'config-invalid',
      'HumdrumModule is configured twice. Import HumdrumModule.forRoot in one module, the root: it is global.',
    );
  }
  for (const module of ours) module.distance = -1;
}

function nothingToRun(): HumdrumError {
  return new HumdrumError(
    'handlers-missing',
    'This worker would run nothing: no provider is a @JobHandler, and neither jobs nor packs are given. Import the modules that have the handlers.',
  );
}

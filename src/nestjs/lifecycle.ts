import type {
  OnApplicationBootstrap,
  OnApplicationShutdown,
  OnModuleDestroy,
} from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import type { Humdrum } from '../engine/humdrum.ts';
import { HumdrumError } from '../errors.ts';
import type { HumdrumModuleOptions } from './module-options.ts';

/** Starts the engine with the application, and stops it before any provider that handlers depend on is destroyed. */
export class Lifecycle implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  readonly #humdrum: Humdrum;
  readonly #options: HumdrumModuleOptions;

  constructor(humdrum: Humdrum, options: HumdrumModuleOptions, modules: ModulesContainer) {
    this.#humdrum = humdrum;
    this.#options = options;
    startLast(modules);
  }

  /** Errors: `handlers-missing`. */
  async onApplicationBootstrap(): Promise<void> {
    const { mode = 'both' } = this.#options;
    if (mode === 'producer') return;
    if (mode === 'worker' && this.#humdrum.types.own().length === 0) throw handlersMissing();
    await this.#humdrum.start();
  }

  /** Stops the worker only. Requests still in progress can enqueue jobs until the application shuts down. */
  async onModuleDestroy(): Promise<void> {
    await this.#humdrum.stop(this.#options.drainMs);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#humdrum.close();
  }
}

/**
 * Nest starts modules by their distance from the root, farthest first, and destroys them in reverse order. Global modules count
 * as farthest, so the engine would start before the dependencies of its handlers and stop after they are destroyed.
 * Errors: `config-invalid`.
 */
function startLast(modules: ModulesContainer): void {
  const ours = [...modules.values()].filter((module) => module.providers.has(Lifecycle));
  if (ours.length > 1) {
    throw new HumdrumError(
      'config-invalid',
      'HumdrumModule is configured twice. Import HumdrumModule.forRoot only in the root module: it is global.',
    );
  }
  for (const module of ours) module.distance = -1;
}

function handlersMissing(): HumdrumError {
  return new HumdrumError(
    'handlers-missing',
    'This worker has nothing to run: no provider has @JobHandler, and the options name no jobs or packs. Import the modules that provide the handlers.',
  );
}

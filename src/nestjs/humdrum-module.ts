import type { DynamicModule, FactoryProvider, Provider } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, ModuleRef, ModulesContainer } from '@nestjs/core';
import { createHumdrum } from '../engine/create-humdrum.ts';
import { Humdrum } from '../engine/humdrum.ts';
import { findHandlers } from './find-handlers.ts';
import { Lifecycle } from './lifecycle.ts';
import { logToNest } from './log.ts';
import {
  checkOptions,
  OPTIONS,
  type HumdrumAsyncOptions,
  type HumdrumModuleOptions,
} from './module-options.ts';

/**
 * The engine in a Nest application. Import `forRoot` or `forRootAsync` in the root module. `Humdrum` can then be injected
 * everywhere, and each provider with `@JobHandler` runs the jobs of its type.
 */
export class HumdrumModule {
  static forRoot(options: HumdrumModuleOptions = {}): DynamicModule {
    return moduleWith({ provide: OPTIONS, useValue: options });
  }

  static forRootAsync({ imports, inject = [], useFactory }: HumdrumAsyncOptions): DynamicModule {
    return moduleWith({ provide: OPTIONS, inject, useFactory }, imports);
  }
}

function moduleWith(options: Provider, imports: DynamicModule['imports'] = []): DynamicModule {
  return {
    module: HumdrumModule,
    global: true,
    imports: [DiscoveryModule, ...imports],
    providers: [options, ENGINE, LIFECYCLE],
    exports: [Humdrum],
  };
}

// Nest creates providers after it has scanned all modules, so all handlers are known when the engine is created.
const ENGINE: FactoryProvider<Humdrum> = {
  provide: Humdrum,
  inject: [OPTIONS, DiscoveryService, ModuleRef],
  useFactory: (
    options: HumdrumModuleOptions,
    discovery: DiscoveryService,
    modules: ModuleRef,
  ): Promise<Humdrum> => {
    const { mode: _mode, drainMs: _drainMs, jobs = [], ...rest } = checkOptions(options);
    const handlers = findHandlers(discovery, modules);
    return createHumdrum({ onEvent: logToNest(), ...rest, jobs: [...jobs, ...handlers] });
  },
};

const LIFECYCLE: FactoryProvider<Lifecycle> = {
  provide: Lifecycle,
  inject: [Humdrum, OPTIONS, ModulesContainer],
  useFactory: (humdrum: Humdrum, options: HumdrumModuleOptions, modules: ModulesContainer) =>
    new Lifecycle(humdrum, options, modules),
};

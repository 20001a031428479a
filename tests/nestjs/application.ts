import { Inject, Module } from '@nestjs/common';
import type { DynamicModule, LoggerService, Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import type { Context } from '../../src/index.ts';
import { Humdrum, HumdrumModule, JobHandler } from '../../src/nestjs/index.ts';
import type { HandlerDefinition, HumdrumModuleOptions } from '../../src/nestjs/index.ts';
import { fresh } from '../support/databases.ts';
import { EventLog } from '../support/engine.ts';

export const input = z.object({ word: z.string() });
type Input = z.infer<typeof input>;

/** Something that handlers need: it keeps what they say. */
export class Voice {
  readonly said: string[] = [];
}

/** A handler as a program has it, with something injected. Each test has its own, since decorators stay on a class. */
export function speaker(definition: Partial<HandlerDefinition<unknown, Input>> = {}) {
  class Speak {
    readonly voice: Voice;

    constructor(voice: Voice) {
      this.voice = voice;
    }

    async run(_ctx: Context, { word }: Input): Promise<void> {
      this.voice.said.push(word);
    }
  }
  JobHandler({ type: 'test.speak', input, retry: { delayMs: 0 }, ...definition })(Speak);
  Inject(Voice)(Speak, undefined, 0);
  return Speak;
}

/** An application with the engine in its root, and the providers in a module of their own that knows nothing of it. */
export async function application(
  providers: Provider[],
  engine: DynamicModule | HumdrumModuleOptions = {},
  logger: LoggerService | false = false,
) {
  const events = new EventLog();
  class Feature {}
  Module({ providers })(Feature);
  class Root {}
  const module = 'module' in engine ? engine : await onFreshDatabase(engine, events);
  Module({ imports: [module, Feature] })(Root);
  const app = await NestFactory.createApplicationContext(Root, { logger, abortOnError: false });
  onTestFinished(() => app.close());
  const said = (): string[] => app.get(Voice, { strict: false }).said;
  return { app, humdrum: app.get(Humdrum), events, said };
}

async function onFreshDatabase(
  options: HumdrumModuleOptions,
  events: EventLog,
): Promise<DynamicModule> {
  const database = await fresh('postgres');
  return HumdrumModule.forRoot({ database, onEvent: (event) => events.add(event), ...options });
}

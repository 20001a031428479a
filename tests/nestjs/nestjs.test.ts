import { setImmediate as turn } from 'node:timers/promises';
import { Inject, Injectable, Module, Scope } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineJob } from '../../src/index.ts';
import { Humdrum, HumdrumModule, JobHandler, jobTypeOf } from '../../src/nestjs/index.ts';
import { fresh } from '../support/databases.ts';
import { EventLog } from '../support/engine.ts';
import { application, input, speaker, Voice } from './application.ts';

describe('HumdrumModule', () => {
  it('finds handlers in any module, and injects what they need', async () => {
    const Speak = speaker();
    const { humdrum, events, said } = await application([Voice, Speak]);
    const { id } = await humdrum.enqueue(jobTypeOf(Speak), { word: 'hello' });
    await events.settled(1);
    expect(said()).toEqual(['hello']);
    expect(await humdrum.showJob(id)).toMatchObject({ status: 'completed', type: 'test.speak' });
  });

  it('takes what a handler says of its jobs as defineJob does', async () => {
    const daily = z.object({ word: z.string().default('morning') });
    const Speak = speaker({
      retry: { attempts: 2 },
      schedule: { cron: '0 6 * * *' },
      input: daily,
    });
    const { humdrum } = await application([Voice, Speak]);
    expect(humdrum.types.get('test.speak')).toMatchObject({
      retry: { attempts: 2, backoff: 'exponential' },
      schedule: { cron: '0 6 * * *', timeZone: 'UTC' },
    });
    expect((await humdrum.listSchedules()).map(({ schedule }) => schedule)).toContain('test.speak');
    await expect(humdrum.enqueue('test.speak', { word: 1 })).rejects.toMatchObject({
      code: 'input-invalid',
    });
  });

  it('is configured by what the application knows', async () => {
    const Speak = speaker();
    const db = await fresh('postgres');
    class Settings {
      readonly database = db;
    }
    class SettingsModule {}
    Module({ providers: [Settings], exports: [Settings] })(SettingsModule);
    const events = new EventLog();
    const engine = HumdrumModule.forRootAsync({
      imports: [SettingsModule],
      inject: [Settings],
      useFactory: async ({ database }: Settings) => ({
        database,
        jobs: [defineJob({ type: 'test.plain', input: z.object({}), run: () => null })],
        onEvent: (event) => events.add(event),
      }),
    });
    const { humdrum, said } = await application([Voice, Speak], engine);
    await humdrum.enqueueMany([
      { type: 'test.plain', input: {} },
      { type: 'test.speak', input: { word: 'configured' } },
    ]);
    await events.settled(2);
    expect(said()).toEqual(['configured']);
  });

  it('only enqueues as a producer', async () => {
    const Speak = speaker();
    const { humdrum } = await application([Voice, Speak], { mode: 'producer' });
    const { id } = await humdrum.enqueue(jobTypeOf(Speak), { word: 'later' });
    expect(humdrum.worker).toBeNull();
    expect(await humdrum.listWorkers()).toEqual([]);
    expect((await humdrum.showJob(id)).status).toBe('queued');
  });

  it('works as a worker, and is none without a handler', async () => {
    await expect(application([Voice], { mode: 'worker' })).rejects.toMatchObject({
      code: 'handlers-missing',
    });
    const Speak = speaker();
    const { humdrum, events, said } = await application([Voice, Speak], { mode: 'worker' });
    await humdrum.enqueue(jobTypeOf(Speak), { word: 'worked' });
    await events.settled(1);
    expect(said()).toEqual(['worked']);
  });

  it('starts when all else has started, and drains before anything is destroyed', async () => {
    const seen: string[] = [];
    let go = (): void => undefined;
    const gone = new Promise<void>((resolve) => (go = resolve));
    class Speak {
      async run(): Promise<void> {
        seen.push('run begins');
        await gone;
        seen.push('run ends');
      }
    }
    JobHandler({ type: 'test.speak', input })(Speak);
    class Needed {
      async onApplicationBootstrap(): Promise<void> {
        for (let turns = 0; turns < 20; turns += 1) await turn();
        seen.push('needed is there');
      }
      onModuleDestroy(): void {
        seen.push('needed is gone');
      }
    }
    class Asks {
      readonly humdrum: Humdrum;
      constructor(humdrum: Humdrum) {
        this.humdrum = humdrum;
      }
      async onModuleInit(): Promise<void> {
        await this.humdrum.enqueue(jobTypeOf(Speak), { word: 'before the start' });
      }
    }
    Injectable()(Asks);
    Inject(Humdrum)(Asks, undefined, 0);
    const { app, humdrum, events } = await application([Needed, Asks, Speak]);
    await events.until((log) => log.count('jobs-claimed') > 0);
    while (!seen.includes('run begins')) await turn();
    const closing = app.close();
    for (let turns = 0; turns < 20; turns += 1) await turn();
    go();
    await closing;
    expect(seen).toEqual(['needed is there', 'run begins', 'run ends', 'needed is gone']);
    expect((await humdrum.countJobs()).map(({ completed }) => completed)).toEqual([1]);
  });

  it('makes a handler with a scope anew for each attempt', async () => {
    const seen: string[] = [];
    let made = 0;
    class Speak {
      readonly number = (made += 1);
      run(): void {
        seen.push(`instance ${this.number}`);
      }
    }
    JobHandler({ type: 'test.speak', input })(Speak);
    Injectable({ scope: Scope.REQUEST })(Speak);
    const { humdrum } = await application([Speak], { mode: 'producer' });
    await humdrum.enqueue(jobTypeOf(Speak), { word: 'a' });
    await humdrum.enqueue(jobTypeOf(Speak), { word: 'b' });
    await humdrum.drain();
    expect(seen).toEqual(['instance 1', 'instance 2']);
  });

  it('runs what stands in for a handler', async () => {
    const seen: string[] = [];
    const Speak = speaker();
    const fake = { run: () => void seen.push('fake') };
    const { humdrum } = await application([{ provide: Speak, useValue: fake }], {
      mode: 'producer',
    });
    await humdrum.enqueue(jobTypeOf(Speak), { word: 'real' });
    await humdrum.drain();
    expect(seen).toEqual(['fake']);
  });

  it('tells the logger of the application when nobody else listens', async () => {
    const lines: string[] = [];
    const hear = (level: string) => (line: unknown) => void lines.push(`${level}: ${String(line)}`);
    const logger = { log: hear('log'), warn: hear('warn'), error: hear('error') };
    class Speak {
      run(): never {
        throw new Error('no voice');
      }
    }
    JobHandler({ type: 'test.speak', input, retry: { attempts: 2, delayMs: 0 } })(Speak);
    const engine = HumdrumModule.forRoot({ database: await fresh('postgres'), mode: 'producer' });
    const { humdrum } = await application([Speak], engine, logger);
    const { id } = await humdrum.enqueue('test.speak', { word: 'x' });
    await humdrum.drain();
    await humdrum.drain();
    expect(lines.filter((line) => line.includes('no voice'))).toEqual([
      `warn: test.speak ${id}, attempt 1: Error: no voice; will be retried`,
      `error: test.speak ${id}, attempt 2: Error: no voice`,
    ]);
  });

  it('enqueues nothing once its own database is closed', async () => {
    const Speak = speaker();
    const { app, humdrum } = await application([Voice, Speak], HumdrumModule.forRoot());
    await app.close();
    await expect(humdrum.enqueue(jobTypeOf(Speak), { word: 'late' })).rejects.toMatchObject({
      code: 'database-closed',
    });
  });
});

import { z } from 'zod';
import { onTestFinished } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import {
  createHumdrum,
  defineJob,
  type Context,
  type EngineEvent,
  type JobType,
} from '../../src/index.ts';
import type { Humdrum, HumdrumOptions } from '../../src/index.ts';

/** Opens an engine on `database` with an event log. It is closed when the test ends. */
export async function openEngine(
  database: Database,
  options: Omit<HumdrumOptions, 'database'> = {},
): Promise<{ humdrum: Humdrum; events: EventLog }> {
  const events = new EventLog();
  const humdrum = await createHumdrum({
    ...options,
    database,
    onEvent: (event) => events.add(event),
  });
  onTestFinished(() => humdrum.stop(0));
  return { humdrum, events };
}

/** Collects an engine's events and waits for them. Tests wait for signals, never for time. */
export class EventLog {
  readonly all: EngineEvent[] = [];
  #waiting: (() => void)[] = [];

  add(event: EngineEvent): void {
    this.all.push(event);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  count(name: EngineEvent['event']): number {
    return this.all.filter(({ event }) => event === name).length;
  }

  async until(done: (log: EventLog) => boolean): Promise<void> {
    while (!done(this)) await new Promise<void>((wake) => this.#waiting.push(wake));
  }

  /** Waits until `times` attempts are settled. */
  async settled(times: number): Promise<void> {
    await this.until((log) => log.count('job-settled') >= times);
  }
}

/** A job type that accepts any object as input. */
export function job(
  type: string,
  run: (ctx: Context, input: Record<string, unknown>) => unknown,
  more: Partial<Parameters<typeof defineJob>[0]> = {},
): JobType {
  return defineJob({
    retry: { delayMs: 0 },
    graceMs: 50,
    ...more,
    type,
    input: z.record(z.string(), z.unknown()),
    run: async (ctx, input) => run(ctx, input),
  });
}

/** Makes the database refuse results `{ code }`, with that SQLSTATE. */
export async function refuseResults(db: Database): Promise<void> {
  await db.query(`create function refuse() returns trigger language plpgsql as $$
    begin raise exception 'no room for this' using errcode = new.result->>'code'; end $$`);
  await db.query(`create trigger refuse before insert on humdrum.attempt_0 for each row
    when (new.result->>'code' is not null) execute function refuse()`);
}

/** Creates a table for handlers to write to. */
export async function makeWitness(db: Database): Promise<void> {
  await db.query('create table witness (word text not null)');
}

export async function witnessed(db: Database): Promise<string[]> {
  const { rows } = await db.query<{ word: string }>('select word from witness order by word');
  return rows.map(({ word }) => word);
}

/** Stops the engine's clock. The engine reads the time only from this function of the database. */
export async function stopClockAt(
  db: Database,
  at: string,
): Promise<(next: string) => Promise<void>> {
  await db.query('create table test_clock (now timestamptz not null)');
  await db.query('insert into test_clock values ($1)', [at]);
  await db.query(
    `create or replace function humdrum.clock() returns timestamptz language sql volatile
     return (select now from public.test_clock)`,
  );
  return async (next) => void (await db.query('update test_clock set now = $1', [next]));
}

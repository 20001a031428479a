import type { Database } from '../../src/database/database.ts';
import { defineAlerts, type AlertOptions } from '../../src/health/index.ts';
import type { Humdrum, JobType } from '../../src/index.ts';
import { openEngine, stopClockAt } from '../support/engine.ts';

export interface Watched {
  humdrum: Humdrum;
  /** What people were told since the last time: `notice kind subject severity`. */
  told: () => string[];
  /** Moves the clock, and that is all. */
  moveTo: (time: string) => Promise<void>;
  /** Moves the clock to this time of 2 March 2026, runs all that is due then, and answers what people were told. */
  at: (time: string) => Promise<string[]>;
  /** Another process on the same database, with the clock where it is. */
  restart: () => Promise<Watched>;
}

/** An engine with alerts, at nine on a clock of the test's. What is told here is what the log would be told. */
export async function watch(
  db: Database,
  jobs: readonly JobType[],
  options: AlertOptions = {},
): Promise<Watched> {
  return join(db, await stopClockAt(db, instant('09:00')), jobs, options);
}

async function join(
  db: Database,
  moveTo: (at: string) => Promise<void>,
  jobs: readonly JobType[],
  options: AlertOptions,
): Promise<Watched> {
  const { humdrum, events } = await openEngine(db, { jobs, alerts: defineAlerts(options) });
  await humdrum.register();
  const told = (): string[] =>
    events.all
      .splice(0)
      .flatMap((event) =>
        event.event === 'alert'
          ? [`${event.notice} ${event.kind} ${event.subject} ${event.severity}`]
          : [],
      );
  const at = async (time: string): Promise<string[]> => {
    await moveTo(instant(time));
    await humdrum.drain();
    return told();
  };
  return {
    humdrum,
    told,
    at,
    moveTo: (time) => moveTo(instant(time)),
    restart: () => join(db, moveTo, jobs, options),
  };
}

export const instant = (time: string): string => `2026-03-02T${time}:00Z`;

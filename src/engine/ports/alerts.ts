import type { Database } from '../../database/database.ts';
import type { JobType } from '../job/job-type.ts';
import type { Listener } from './events.ts';

/** Looks after the jobs of a database by jobs of its own: `defineAlerts` of `humdrum/alerts` makes one. */
export interface Watch {
  /** Its job types. What it tells is heard by whoever listens to the engine. */
  types(engine: { database: Database; tell: Listener }): readonly JobType[];
  /** Where people are told. `check`, where it can be asked, tells nobody and throws where a notice would not get through. */
  readonly sinks: readonly { readonly name: string; check?(): Promise<void> }[];
}

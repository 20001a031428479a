import type { ConnectionUse } from '../database/database.ts';
import type { WorkerActivity } from '../engine/ports/runtime.ts';
import type { VitalSigns } from '../engine/show/vital-signs.ts';
import type { Distribution } from './distribution.ts';
import type { Tally } from './tally.ts';

/** The data that the metrics of one scrape are computed from. */
export interface Seen {
  readonly tally: Tally;
  /** Queues of this process's job types. */
  readonly queues: readonly string[];
  /** Null if this process has started no worker. */
  readonly worker: WorkerActivity | null;
  readonly connections: ConnectionUse;
  readonly mostConnections: number;
  /** Null if the database did not answer in time. */
  readonly signs: VitalSigns | null;
}

export type Labels = Readonly<Record<string, string>>;
export type Sample<Value = number> = readonly [labels: Labels, value: Value];

interface Described {
  readonly name: `humdrum_${string}`;
  readonly help: string;
  readonly labels: readonly string[];
}

/** A metric family: all samples with one name. */
export type Family = Described &
  (
    | {
        readonly kind: 'counter' | 'gauge';
        readonly samples: (seen: Seen) => readonly Sample[];
      }
    | {
        readonly kind: 'histogram';
        readonly bounds: readonly number[];
        readonly samples: (seen: Seen) => readonly Sample<Distribution>[];
      }
  );

/** The sample of a metric without labels. Empty if the value is unknown. */
export const single = (value: number | null | undefined): Sample[] =>
  value === null || value === undefined ? [] : [[{}, value]];

import type { ConnectionUse } from '../database/database.ts';
import type { WorkerActivity } from '../engine/ports/runtime.ts';
import type { VitalSigns } from '../engine/show/vital-signs.ts';
import type { Distribution } from './distribution.ts';
import type { Tally } from './tally.ts';

/** All that there is to tell at one moment. */
export interface Seen {
  readonly tally: Tally;
  /** Of the types of this process. */
  readonly queues: readonly string[];
  /** Null: none has been started in this process. */
  readonly worker: WorkerActivity | null;
  readonly connections: ConnectionUse;
  readonly mostConnections: number;
  /** Null: the database has not answered in time. */
  readonly signs: VitalSigns | null;
}

export type Labels = Readonly<Record<string, string>>;
export type Sample<Value = number> = readonly [labels: Labels, value: Value];

interface Described {
  readonly name: `humdrum_${string}`;
  readonly help: string;
  readonly labels: readonly string[];
}

/** Metrics of one name. */
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

/** Of a metric without labels. Nothing where it is not known. */
export const single = (value: number | null | undefined): Sample[] =>
  value === null || value === undefined ? [] : [[{}, value]];

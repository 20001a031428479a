import { errorMessage } from '../../errors.ts';
import type { EngineEvent, Listener } from './events.ts';

/** The same trouble is told at most once in this time. */
const EVERY_MS = 5_000;
const MOST_KINDS = 100;

interface Told {
  atMs: number;
  /** How often it has happened since it was told. */
  repeated: number;
}

/**
 * Passes all events on, but of troubles that are alike only one in five seconds: while a database is away, each of many steps
 * fails several times a second. The next one that is told says how many were not.
 */
export function withFewerTroubles(listener: Listener): Listener {
  const told = new Map<string, Told>();
  return (event) => {
    if (event.event !== 'trouble') return listener(event);
    const kind = kindOf(event);
    const nowMs = performance.now();
    const last = told.get(kind);
    if (last && nowMs - last.atMs < EVERY_MS) {
      last.repeated += 1;
      return;
    }
    if (told.size >= MOST_KINDS) told.clear();
    told.set(kind, { atMs: nowMs, repeated: 0 });
    listener(last && last.repeated > 0 ? { ...event, repeated: last.repeated } : event);
  };
}

const kindOf = ({ doing, error }: EngineEvent & { event: 'trouble' }): string =>
  `${doing} ${errorMessage(error).slice(0, 200)}`;

import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import type { Scenario } from './scenario.ts';
import type { System } from './system.ts';

/** The folders are the lists. To add a system or a scenario, add a file. */
const SCENARIOS = new URL('scenarios/', import.meta.url);
const SYSTEMS = new URL('systems/', import.meta.url);
const PEERS = new URL('systems/peers/', import.meta.url);

function namesIn(folder: URL): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => basename(file, '.ts'))
    .toSorted();
}

/** Order in the report. Other scenarios follow these. */
const ORDER = [
  'drain',
  'drain-default',
  'flow',
  'atomic',
  'enqueue',
  'latency',
  'old-snapshot',
  'paced',
  'paced-snapshot',
  'backlog',
  'schedules',
  'history',
  'metrics',
  'kill',
  'idle',
  'pglite',
];

export function scenarioNames(): string[] {
  const place = (name: string): number =>
    ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length;
  return namesIn(SCENARIOS).toSorted((a, b) => place(a) - place(b));
}

/** Names of the systems, Humdrum first. */
export function systemNames(): string[] {
  return [...namesIn(SYSTEMS), ...namesIn(PEERS)];
}

/** Imports a system on demand, so that a peer's package is needed only to measure that peer. */
export async function loadSystem(name: string): Promise<System> {
  const folder = namesIn(SYSTEMS).includes(name) ? SYSTEMS : PEERS;
  const { system } = (await import(new URL(`${name}.ts`, folder).href)) as { system: System };
  return system;
}

export async function loadScenario(name: string): Promise<Scenario> {
  const url = new URL(`${name}.ts`, SCENARIOS);
  const { scenario } = (await import(url.href)) as { scenario: Scenario };
  return scenario;
}

import type { Database } from '../database/database.ts';
import { type MigrationSet, planMigrations } from '../database/migrate.ts';
import { HumdrumError } from '../errors.ts';
import { userName } from './base/user-name.ts';
import { isDryRunSet } from './base/dry-run.ts';
import { Enqueuer } from './enqueue/enqueuer.ts';
import { WorkNotifier } from './enqueue/notify.ts';
import { limitsOf } from './job/limit-rule.ts';
import { migrationSets } from './job/pack.ts';
import type { Registry } from './job/registry.ts';
import { Vault } from './job/secrets.ts';
import { checkOptions, type HumdrumOptions } from './options.ts';
import type { EngineEvent, Listener } from './ports/events.ts';
import { Listeners } from './ports/listeners.ts';
import { withFewerTroubles } from './ports/troubles.ts';
import type { Receiver } from './ports/receivers.ts';
import type { NewWork, Runtime } from './ports/runtime.ts';
import { systemTypes } from './system/index.ts';
import { KnownTypes } from './system/known-types.ts';
import { workerSettings, type WorkerSettings } from './worker/options.ts';

/** The parts of one `Humdrum`, wired together. Nothing runs yet. */
export interface Engine {
  readonly runtime: Runtime;
  readonly enqueuer: Enqueuer;
  readonly notifier: WorkNotifier;
  readonly receivers: readonly Receiver[];
  readonly settings: WorkerSettings;
  /** This process only rehearses. */
  readonly dryRun: boolean;
  /** The default actor of calls that do not name one. */
  readonly actor: string;
  /** Called with every event of the engine. */
  readonly listeners: Listeners<EngineEvent>;
  /** Called when there is new work, from this process or another. */
  readonly newWorkListeners: Listeners<NewWork>;
  /** The migrations that this program has and the database does not. */
  pendingMigrations(): Promise<{ set: string; name: string }[]>;
}

/** Errors: `type-invalid`, `config-invalid`. */
export function assemble(database: Database, options: HumdrumOptions): Engine {
  checkOptions(options);
  const { packs = [], files = null, tracing = null } = options;
  // The environment wins: who sets it must be sure of the whole process.
  const dryRun = isDryRunSet() || (options.dryRun ?? false);
  const receivers = receiversOf(options);
  const own = options.onEvent ? [options.onEvent] : [];
  const listeners = new Listeners<EngineEvent>(({ event }) => event, own);
  const onEvent = withFewerTroubles((event) => listeners.tell(event));
  const newWorkListeners = new Listeners<NewWork>((work) => `${work} work`);
  const notifier = new WorkNotifier(database, (work) => newWorkListeners.tell(work));
  const types = registryOf(database, options, { receivers, onEvent });
  const limits = limitsOf(options);
  const vault = new Vault([options.secretKey ?? []].flat());
  const enqueuer = new Enqueuer({ database, types, limits, vault, notifier, tracing, dryRun });
  const migrations: readonly MigrationSet[] = migrationSets(packs);
  return {
    runtime: {
      database,
      types,
      limits,
      vault,
      files,
      enqueuer,
      tracing,
      onEvent,
      notify: (work) => notifier.notify(work),
    },
    enqueuer,
    notifier,
    receivers,
    settings: workerSettings(options.worker),
    dryRun,
    actor: options.actor ?? `user:${userName()}`,
    listeners,
    newWorkListeners,
    pendingMigrations: () => planMigrations(database, migrations),
  };
}

/** A channel that alerts go to is a receiver like the others. Errors: `config-invalid`. */
function receiversOf({ receivers = [], alerts }: HumdrumOptions): Receiver[] {
  const sinks = (alerts?.sinks ?? []).filter((sink) => !receivers.includes(sink));
  const names = new Set(receivers.map(({ type }) => type.type));
  const taken = sinks.find(({ type }) => names.has(type.type));
  if (taken) {
    throw new HumdrumError(
      'config-invalid',
      `A channel of \`receivers\` and another of \`alerts\` are both called "${taken.name}". Give one of them another name, or use one channel for both.`,
    );
  }
  return [...receivers, ...sinks];
}

function registryOf(
  database: Database,
  { packs = [], jobs = [], files, history, alerts }: HumdrumOptions,
  { receivers, onEvent }: { receivers: readonly Receiver[]; onEvent: Listener },
): Registry {
  return new KnownTypes(
    [...packs.flatMap((pack) => pack.jobs), ...jobs],
    [
      ...systemTypes(database, { files: files ?? null, keepDays: history?.keepDays ?? null }),
      ...(alerts?.types({ database, tell: onEvent }) ?? []),
      ...receivers.map((receiver) => receiver.typeFor?.(onEvent) ?? receiver.type),
    ],
  );
}

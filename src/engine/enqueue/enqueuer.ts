import { isWithin } from '../../database/ambient.ts';
import type { Database, Queryable } from '../../database/database.ts';
import { HumdrumError } from '../../errors.ts';
import { refuseInDryRun } from '../base/dry-run.ts';
import type { Limits } from '../job/limit-rule.ts';
import type { NewJob } from '../job/new-job.ts';
import type { Registry } from '../job/registry.ts';
import { checkNames, type Enqueued, type JobRequest } from '../job/request.ts';
import type { Vault } from '../job/secrets.ts';
import type { NewWork } from '../ports/runtime.ts';
import { enqueueTraced, type Tracing } from '../ports/tracing.ts';
import { callerTransaction } from './caller-transaction.ts';
import { checkRequests, enqueue, isOneStatement } from './enqueue.ts';
import { GroupCommit } from './group-commit.ts';
import type { WorkNotifier } from './notify.ts';

const DAY_MS = 86_400_000;

interface EnqueuerParts {
  database: Database;
  types: Registry;
  limits: Limits;
  vault: Vault;
  notifier: WorkNotifier;
  tracing: Tracing | null;
  /** This process only rehearses. */
  dryRun: boolean;
}

/** Persists the jobs that programs and handlers request, and notifies the workers. */
export class Enqueuer {
  readonly #runtime: EnqueuerParts;
  readonly #groupCommit: GroupCommit;

  constructor(runtime: EnqueuerParts) {
    this.#runtime = runtime;
    this.#groupCommit = new GroupCommit(runtime.database, runtime.notifier);
  }

  /** Persists all requests, in order, or none. Inside an open transaction they belong to it. */
  async enqueue(requests: readonly JobRequest[], actor: string): Promise<Enqueued[]> {
    requireArray(requests);
    await refuseInDryRun(this.#runtime, 'enqueue jobs');
    const jobs = requests.map((request) => this.#resolve(request));
    const work = newWorkOf(requests, jobs);
    return enqueueTraced(this.#runtime.tracing, jobs, (traced) =>
      this.#persist(traced, actor, work),
    );
  }

  async #persist(jobs: readonly NewJob[], actor: string, work: NewWork): Promise<Enqueued[]> {
    const { database, limits, vault, notifier } = this.#runtime;
    if (isOneStatement(jobs) && !isWithin(database)) {
      const rows = await checkRequests(jobs, { limits, vault });
      return this.#groupCommit.enqueue(rows, actor, work);
    }
    const by = { actor, limits, vault };
    const enqueued = isOneStatement(jobs)
      ? await enqueue(database, jobs, by)
      : await database.transaction((tx) => enqueue(tx, jobs, by));
    await notifier.notify(work);
    return enqueued;
  }

  /** Persists the requests in the caller's transaction. Errors: `client-invalid`. */
  async enqueueWithin(
    callerClient: Queryable,
    requests: readonly JobRequest[],
    actor: string,
  ): Promise<Enqueued[]> {
    const { limits, vault, notifier, tracing } = this.#runtime;
    requireArray(requests);
    await refuseInDryRun(this.#runtime, 'enqueue jobs');
    const client = callerTransaction(callerClient);
    const jobs = requests.map((request) => this.#resolve(request));
    const enqueued = await enqueueTraced(tracing, jobs, (traced) =>
      enqueue(client, traced, { actor, limits, vault }),
    );
    await notifier.notifyWithin(client, newWorkOf(requests, jobs));
    return enqueued;
  }

  #resolve(request: JobRequest): NewJob {
    checkNames(request);
    const { type, children, ...rest } = request;
    const job = {
      ...rest,
      type: this.#runtime.types.get(typeof type === 'string' ? type : type.type),
    };
    if (!children) return job;
    const jobs = children.jobs.map((child) => this.#resolve(child));
    return { ...job, children: { withinMs: DAY_MS, ...children, jobs } };
  }
}

/** Errors: `input-invalid`. */
function requireArray(requests: unknown): void {
  if (Array.isArray(requests)) return;
  throw new HumdrumError(
    'input-invalid',
    'The jobs to enqueue must be an array of requests, such as [{ type, input }].',
  );
}

/** `later` if upkeep has to do something before one of the jobs can start. */
function newWorkOf(requests: readonly JobRequest[], jobs: readonly NewJob[]): NewWork {
  const plain = requests.every(
    ({ runAt, delayMs, limits, children, debounce }) =>
      !runAt && delayMs === undefined && !limits && !children && !debounce,
  );
  return plain && jobs.every(({ type }) => !type.limited && !type.debounces) ? 'ready' : 'later';
}

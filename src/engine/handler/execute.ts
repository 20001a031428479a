import { runWithin } from '../../database/ambient.ts';
import { errorMessage } from '../../errors.ts';
import { jsonText } from '../base/json-text.ts';
import type { Json } from '../base/json.ts';
import { PermanentError } from '../job/errors.ts';
import { failureOf, NOT_COUNTED } from '../job/failure.ts';
import type { JobType } from '../job/job-type.ts';
import type { Outcome, TableChange } from '../job/outcome.ts';
import { redactor, secretsAt, type Vault } from '../job/secrets.ts';
import type { Runtime } from '../ports/runtime.ts';
import { PendingCalls } from './pending-calls.ts';
import { HandlerContext, type Runnable } from './handler-context.ts';
import { HandlerFiles } from './handler-files.ts';
import { HandlerTransaction, steppingDatabase } from './handler-transaction.ts';
import { Interruption, type StopSource } from './interruption.ts';
import { Recorder } from './recorder.ts';
import { ownRejections, StrayRejection } from './stray-rejections.ts';

export interface ExecuteOptions {
  runtime: Pick<Runtime, 'database' | 'enqueuer' | 'files' | 'vault' | 'onEvent'>;
  /** Interrupts the handler from outside. */
  stop: StopSource;
  rehearsal?: boolean;
  /** Count the rows that the handler changes. */
  measure?: boolean;
}

/**
 * Runs a handler once, with its context, timeout and transaction. The transaction is returned open: nothing is committed.
 * An error of the handler is part of the outcome, and not thrown.
 */
export async function execute(
  type: JobType,
  job: Runnable,
  options: ExecuteOptions,
): Promise<Outcome> {
  const { runtime, rehearsal = false, measure = false } = options;
  const { database, enqueuer } = runtime;
  const recorder = new Recorder();
  const calls = new PendingCalls();
  const own = type.atomic || rehearsal ? new HandlerTransaction(database, calls, measure) : null;
  const db = own ?? steppingDatabase(database);
  const interruption = new Interruption(type, options.stop);
  const parts = { database, recorder, interruption, rehearsal };
  const files = new HandlerFiles({ ...parts, storage: runtime.files });
  const ctx = new HandlerContext(type, job, { ...parts, db, files, enqueuer, calls });
  const startedMs = performance.now();
  const onStray = (error: unknown): void => {
    if (!interruption.interrupt(new StrayRejection(error))) {
      runtime.onEvent({ event: 'trouble', doing: `running ${type.type}`, error });
    }
  };
  let redact = unchanged;
  let ended: Outcome['ended'];
  let changes: TableChange[] | null = null;
  try {
    const { input, secrets } = openSecrets(type, job.input, runtime.vault);
    if (secrets.length > 0) redact = redactor(secrets);
    const handler = async (): Promise<unknown> => type.run(ctx, input, job.version);
    ownRejections();
    const within = own?.ambient ?? { database, tx: null };
    const running = runWithin(Object.assign(within, { onStray }), handler);
    const result = await interruption.race(running);
    calls.expectNone();
    files.expectNonePending();
    ended = { result: redact(toJson(type, result)) };
    changes = measure && own ? await own.changes() : null;
  } catch (error) {
    ended = redact(failureOf(error, type.retry.on, job.attempt));
    // No retry policy is asked: the handler did nothing wrong, and its transaction never committed.
    if (type.atomic && (await own?.trouble())) ended = { ...ended, ...NOT_COUNTED };
  } finally {
    interruption.end();
    files.end();
  }
  const handedOver = own?.handOver() ?? null;
  return {
    ended,
    effects: redact(recorder.effects),
    log: redact(recorder.log),
    durationMs: performance.now() - startedMs,
    changes,
    transaction: handedOver && (await handedOver),
  };
}

const unchanged = <T>(value: T): T => value;

/** Secrets are sealed in stored inputs, and plain text in rehearsed ones. */
function openSecrets(
  type: JobType,
  stored: unknown,
  vault: Vault,
): { input: unknown; secrets: unknown[] } {
  if (type.secrets.length === 0) return { input: stored, secrets: [] };
  const { input, secrets } = vault.open(type.type, stored);
  return { input, secrets: [...secrets, ...secretsAt(input, type.secrets)] };
}

/** No retry can help a result that cannot be stored, and would repeat what the handler has done. */
function toJson(type: JobType, result: unknown): Json {
  if (result === undefined || typeof result === 'function' || typeof result === 'symbol')
    return null;
  try {
    return JSON.parse(jsonText(result)) as Json;
  } catch (cause) {
    throw new PermanentError(`The result of ${type.type} ${errorMessage(cause)}.`, { cause });
  }
}

import { HumdrumError, refuseUnknown } from '../../errors.ts';
import { AN_INSTANT, isInstant } from '../base/instant.ts';
import { jsonText, UnstorableError } from '../base/json-text.ts';
import { isWhole } from '../base/whole-number.ts';
import type { JobType } from '../job/job-type.ts';
import { gatesOf, inTurn } from '../job/limit-rule.ts';
import type { CheckedJob, EnqueueSettings, NewJob } from '../job/new-job.ts';
import { type Debounce, DEBOUNCE, refusalOf, type Unique, UNIQUE } from '../job/request.ts';

const LONGEST_KEY = 500;
const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

/** Errors: `input-invalid`, `not-serializable`, `limit-unknown`, `secret-key-missing`. */
export async function checkRequest(
  job: NewJob,
  { limits, vault }: EnqueueSettings,
): Promise<CheckedJob> {
  const { type } = job;
  const value = job.input ?? {};
  const text = textOf(type, value);
  const parsed = await parseAsStored(type, value, text);
  checkOptions(job);
  const unique = job.unique ?? (job.debounce ? null : type.unique(parsed));
  const debounce = job.debounce ?? (job.unique ? null : type.debounce(parsed));
  checkKeys(job, unique, debounce);
  const { secrets } = type;
  const input = secrets.length > 0 ? textOf(type, vault.seal(type.type, value, secrets)) : text;
  const uses = [...(job.limits ?? type.limits(parsed)), ...(job.inTurn ? [inTurn(type.type)] : [])];
  return {
    job,
    input,
    unique,
    debounce,
    gates: uses.length > 0 ? gatesOf(uses, limits) : [],
  };
}

function checkOptions(job: NewJob): void {
  const { priority, runAt, startBy, delayMs, dueAt, limits = [] } = job;
  const wrong = [
    priority === undefined ||
      isWhole(priority, -1_000, 1_000) ||
      `priority must be a whole number from -1000 to 1000, not ${priority}`,
    runAt === undefined || isInstant(runAt) || `runAt is not ${AN_INSTANT}`,
    startBy === undefined || isInstant(startBy) || `startBy is not ${AN_INSTANT}`,
    dueAt === undefined || isInstant(dueAt) || `dueAt is not ${AN_INSTANT}`,
    delayMs === undefined ||
      isWhole(delayMs, 0, 10 * YEAR_MS) ||
      `delayMs must be a whole number from 0 to ten years of milliseconds, not ${delayMs}`,
    !(delayMs && runAt) || 'a job can have runAt or delayMs, not both',
    Array.isArray(limits) || 'limits must be a list',
    ...childrenErrors(job),
  ];
  refuse(job, wrong);
}

function childrenErrors({ children, runAt, delayMs }: NewJob): (true | string)[] {
  if (!children) return [];
  return [
    !(runAt ?? delayMs) || 'a job that waits for children can have neither runAt nor delayMs',
    ['fail', 'continue'].includes(children.onFailure) ||
      'children.onFailure must be "fail" or "continue": what the parent does when a child fails',
    isWhole(children.withinMs, 1, YEAR_MS) ||
      'children.withinMs must be a whole number from 1 to a year of milliseconds',
    children.jobs.every((child) => !child.unique && !child.debounce) ||
      'a child cannot be unique or debounced: its parent waits for a job of its own',
  ];
}

function checkKeys(job: NewJob, unique: Unique | null, debounce: Debounce | null): void {
  if (unique === null && debounce === null) return;
  const what = refusalOf(job.type);
  refuseUnknown('input-invalid', what, unique, UNIQUE, 'unique.');
  refuseUnknown('input-invalid', what, debounce, DEBOUNCE, 'debounce.');
  const key: unknown = unique?.key ?? debounce?.key;
  const { waitMs = 0, maxWaitMs = waitMs } = debounce ?? {};
  refuse(job, [
    !(unique && debounce) || 'a job can be unique or debounced, not both',
    isKey(key) || `a key must have 1 to ${LONGEST_KEY} characters and no NUL`,
    unique?.forMs === undefined ||
      isWhole(unique.forMs, 1, YEAR_MS) ||
      'unique.forMs must be a whole number from 1 to a year of milliseconds',
    isWhole(waitMs, 0, YEAR_MS) ||
      'debounce.waitMs must be a whole number from 0 to a year of milliseconds',
    isWhole(maxWaitMs, waitMs, YEAR_MS) ||
      'debounce.maxWaitMs must be a whole number from waitMs to a year of milliseconds',
    !(debounce && (job.runAt ?? job.delayMs ?? job.children)) ||
      'a debounced job can have no runAt, delayMs or children',
  ]);
}

function refuse({ type }: NewJob, said: readonly (true | string)[]): void {
  const wrong = said.filter((one) => one !== true);
  if (wrong.length > 0) {
    throw new HumdrumError('input-invalid', `${refusalOf(type)}: ${wrong.join('; ')}.`);
  }
}

const isKey = (key: unknown): boolean =>
  typeof key === 'string' && key.length > 0 && key.length <= LONGEST_KEY && !key.includes('\0');

function textOf({ type }: JobType, value: unknown): string {
  try {
    return jsonText(value);
  } catch (cause) {
    if (!(cause instanceof UnstorableError)) throw cause;
    const code = cause.kind === 'too-large' ? 'input-invalid' : 'not-serializable';
    throw new HumdrumError(code, `The input of ${type} ${cause.message}.`, { cause });
  }
}

/** Validates what the handler will get: the input after its way through JSON, which a Date or a Map does not survive. */
async function parseAsStored(type: JobType, value: unknown, text: string): Promise<unknown> {
  try {
    return await type.parse(JSON.parse(text));
  } catch (error) {
    const isValidBefore = await type.parse(value).then(
      () => true,
      () => false,
    );
    if (!isValidBefore || !(error instanceof HumdrumError)) throw error;
    throw new HumdrumError(
      error.code,
      `${error.message} Inputs are stored as JSON, where a Date is text and a Map or a Set is empty: use z.coerce.date() for dates, and arrays or objects.`,
      { cause: error },
    );
  }
}

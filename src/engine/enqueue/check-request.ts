import { errorMessage, HumdrumError, refuseUnknown } from '../../errors.ts';
import type { JobType } from '../job/job-type.ts';
import { gatesOf, inTurn } from '../job/limit-rule.ts';
import type { CheckedJob, NewJob, EnqueueSettings } from '../job/new-job.ts';
import { type Debounce, DEBOUNCE, refusalOf, type Unique, UNIQUE } from '../job/request.ts';

const MAX_INPUT_BYTES = 1_048_576;
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
  const parsed = await type.parse(value);
  checkOptions(job);
  const unique = job.unique ?? (job.debounce ? null : type.unique(parsed));
  const debounce = job.debounce ?? (job.unique ? null : type.debounce(parsed));
  checkKeys(job, unique, debounce);
  const { secrets } = type;
  const stored = secrets.length > 0 ? vault.seal(type.type, value, secrets) : value;
  const uses = [...(job.limits ?? type.limits(parsed)), ...(job.inTurn ? [inTurn(type.type)] : [])];
  return {
    job,
    input: serialize(type, stored),
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
    isDate(runAt) || 'runAt is not a valid date',
    isDate(startBy) || 'startBy is not a valid date',
    isDate(dueAt) || 'dueAt is not a valid date',
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

const isWhole = (value: number, from: number, to: number): boolean =>
  Number.isInteger(value) && value >= from && value <= to;

const isKey = (key: unknown): boolean =>
  typeof key === 'string' && key.length > 0 && key.length <= LONGEST_KEY && !key.includes('\0');

const isDate = (date: Date | undefined): boolean =>
  date === undefined || !Number.isNaN(date.getTime());

function serialize(type: JobType, value: unknown): string {
  const input = stringify(type, value);
  const bytes = Buffer.byteLength(input);
  if (bytes <= MAX_INPUT_BYTES) return input;
  throw new HumdrumError(
    'input-invalid',
    `The input of ${type.type} is ${bytes} bytes of JSON; the maximum is ${MAX_INPUT_BYTES}. Store it elsewhere and pass a reference.`,
  );
}

function stringify(type: JobType, value: unknown): string {
  try {
    const json: string | undefined = JSON.stringify(value);
    if (json !== undefined) return json;
  } catch (cause) {
    throw new HumdrumError(
      'not-serializable',
      `The input of ${type.type} cannot be stored as JSON: ${errorMessage(cause)}`,
      { cause },
    );
  }
  throw new HumdrumError(
    'not-serializable',
    `The input of ${type.type} is a ${typeof value}, which has no JSON form.`,
  );
}

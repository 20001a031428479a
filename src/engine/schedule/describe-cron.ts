import cronstrue from 'cronstrue';
import { errorMessage, HumdrumError } from '../../errors.ts';
import { type CronFields, FIELDS } from '../base/cron-fields.ts';
import { readCron } from '../base/cron-rule.ts';
import { valuesOf } from '../base/cron-values.ts';

/**
 * A cron expression in words: `At 09:00, only on Monday`. The same words mean the same ticks, also where clocks change. Rare
 * forms are returned as they are. Errors: `type-invalid`.
 */
export function describeCron(cron: string): string {
  const { fields, isContinuous } = read(cron);
  if (!fields.every(hasWords)) return cron;
  const told = fields.map((field, place) =>
    withoutUnevenSteps(field, place, isContinuous),
  ) as CronFields;
  try {
    return wordsOf(told) + atChanges(told, isContinuous);
  } catch {
    return cron; // Cronstrue cannot describe it.
  }
}

function read(cron: string): ReturnType<typeof readCron> {
  try {
    return readCron(cron);
  } catch (cause) {
    throw new HumdrumError(
      'type-invalid',
      `The schedule "${cron}" is invalid: ${errorMessage(cause)}.`,
      { cause },
    );
  }
}

const DAYS = 3;
const WEEKDAYS = 5;
const YEARS = 6;

/** Of the forms without numbers, those that cronstrue describes as Humdrum runs them. */
const SPECIAL: Readonly<Record<number, RegExp>> = {
  [DAYS]: /^(L|LW|\d+W)$/i,
  [WEEKDAYS]: /^\d(L|#[1-5])$/i,
};

function hasWords(field: string, place: number): boolean {
  if (place === YEARS) return !field.includes('/');
  return SPECIAL[place]?.test(field) === true || valuesOf(field, place) !== null;
}

/** As numbers, unless the step divides its field or has both its ends. The days of months do not end evenly, and say so. */
function withoutUnevenSteps(field: string, place: number, isContinuous: boolean): string {
  if (!field.includes('/')) return field;
  if (/^\d+-\d+\/\d+$/.test(field)) return field;
  const [, start, step] = /^(\*|0)\/(\d+)$/.exec(field) ?? [];
  const isEven = place === DAYS || (FIELDS[place]?.size ?? 1) % Number(step) === 0;
  // `0/15` is `*/15`, unless it is a fixed time.
  if (isEven && (start === '*' || (start === '0' && isContinuous))) return `*/${step}`;
  return inRuns(valuesOf(field, place) ?? []);
}

/** `0,15,30`; numbers without a gap are a range. */
function inRuns(values: readonly number[]): string {
  const [first, second] = values;
  const last = values.at(-1);
  const isRun = second !== undefined && last === Number(first) + values.length - 1;
  return isRun ? `${first}-${last}` : values.join(',');
}

function wordsOf([seconds, minutes, hours, days, months, weekdays, years]: CronFields): string {
  const five = [minutes, hours, days, months, weekdays];
  const given =
    years === '*' ? (seconds === '0' ? five : [seconds, ...five]) : [seconds, ...five, years];
  return cronstrue.toString(given.join(' '), { use24HourTimeFormat: true });
}

/** Where the words alone would not tell what happens when clocks change. */
function atChanges([, minutes, hours]: CronFields, isContinuous: boolean): string {
  const time = `${minutes} ${hours}`;
  if (isContinuous) return time.includes('*') ? '' : ', whenever clocks show it';
  return /[-/]/.test(time) ? ', at fixed times' : '';
}

import { Cron } from 'croner';
import { errorMessage } from '../../errors.ts';
import { type CronFields, cronFieldsOf } from './cron-fields.ts';
import { valuesOf, whyNoDate } from './cron-values.ts';

/** A cron expression that was read. `calendar` works in local time: what clocks show, as if it were UTC. */
export interface CronRule {
  fields: CronFields;
  readonly calendar: Cron;
  /** It has `*` in its minutes or hours, and so fires whenever the clocks show its time. Otherwise its times are fixed. */
  isContinuous: boolean;
}

/** A rule takes 80 kB, most of it croner's list of years. */
const MAX_CACHED_RULES = 1_000;
const rules = new Map<string, CronRule>();

/** The one place that reads cron expressions. Throws an error that says what is wrong, without the expression. Pure. */
export function readCron(cron: string): CronRule {
  let rule = rules.get(cron);
  if (!rule) {
    if (rules.size >= MAX_CACHED_RULES) rules.clear();
    rules.set(cron, (rule = readUncached(cron)));
  }
  return rule;
}

function readUncached(cron: string): CronRule {
  const fields = cronFieldsOf(cron);
  const reason = whyNoDate(fields);
  if (reason !== null) throw new Error(`it can never tick: ${reason}`);
  let calendar: Cron | null = null;
  const rule = {
    fields,
    isContinuous: /\*/.test(fields[1] + fields[2]),
    /** Made when it is first needed, as that takes a millisecond. */
    get calendar() {
      return (calendar ??= calendarOf(fields));
    },
  };
  if (!isPlain(fields) && !rule.calendar.nextRun(BEGINNING)) {
    throw new Error('it can never tick: no date matches its days, months and years');
  }
  return rule;
}

const BEGINNING = new Date('0001-01-01T00:00:00Z');

const YEARS = 6;
const isNumbers = (field: string, place: number): boolean => valuesOf(field, place) !== null;

/** Fields that are valid, and have a date, without asking croner: all are numbers, of any year. */
function isPlain(fields: CronFields): boolean {
  return fields.every(
    (field, place) => field === '*' || (place < YEARS && isNumbers(field, place)),
  );
}

/** Errors with croner's message, without its prefix and full stop. */
function calendarOf(fields: CronFields): Cron {
  try {
    return new Cron(fields.join(' '), { utcOffset: 0, sloppyRanges: true });
  } catch (cause) {
    const message = errorMessage(cause);
    throw new Error(message.replace(/^CronPattern: /, '').replace(/\.$/, ''), { cause });
  }
}

/** The fields of a cron expression: seconds, minutes, hours, days of the month, months, days of the week, years. */
export type CronFields = [string, string, string, string, string, string, string];

interface Field {
  name: string;
  from: number;
  to: number;
  /** The largest step. */
  size: number;
}

export const FIELDS: readonly Field[] = [
  { name: 'seconds', from: 0, to: 59, size: 60 },
  { name: 'minutes', from: 0, to: 59, size: 60 },
  { name: 'hours', from: 0, to: 23, size: 24 },
  { name: 'days of the month', from: 1, to: 31, size: 31 },
  { name: 'months', from: 1, to: 12, size: 12 },
  { name: 'days of the week', from: 0, to: 7, size: 7 },
  { name: 'years', from: 1, to: 9_999, size: 9_999 },
];
const DAYS = 3;
const MONTHS = 4;
const WEEKDAYS = 5;

export const MONTH_NAMES = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;
const DAY_NAMES = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** The fields in numbers, always seven, with `*` for `?` and for a step of 1. Throws an error that says what is wrong. Pure. */
export function cronFieldsOf(cron: string): CronFields {
  if (cron.includes(':')) throw new Error('it is not a cron expression'); // Croner also accepts an instant.
  const text = cron.trim();
  const given = (NICKNAMES[text.toLowerCase()] ?? text).split(/\s+/);
  if (given.length < 5 || given.length > 7) throw new Error(wrongCount(text));
  refuseAmbiguous(given);
  const seconds = given.length === 5 ? ['0'] : [];
  const years = given.length === 7 ? [] : ['*'];
  return [...seconds, ...given, ...years].map(inNumbers) as CronFields;
}

function wrongCount(text: string): string {
  return text.startsWith('@')
    ? `of such names there are only ${Object.keys(NICKNAMES).join(', ')}`
    : 'a cron expression has five fields, six with seconds first, or seven with years last';
}

/**
 * EventBridge and Quartz write `?`, and both count the days of the week from 1. EventBridge has the years last in its six
 * fields, and Quartz the seconds first.
 */
function refuseAmbiguous(given: readonly string[]): void {
  if (given.length === 5 || !given.some((field) => field.includes('?'))) return;
  const weekdays = given.at(given.length === 7 ? 5 : -1) ?? '';
  if (given.length === 6) {
    const plain = given.map((field) => (field === '?' ? '*' : field));
    const anyYear = plain[5] === '*';
    const yearsLast = anyYear ? plain.slice(0, 5) : ['0', ...plain];
    const secondsFirst = /\d{4}/.test(weekdays)
      ? ''
      : `"${plain.join(' ')}" for seconds first, or `;
    throw new Error(
      `six fields with "?" are ambiguous: the first may be seconds, as in Quartz, or the last may be years, as in EventBridge. ${COUNTED} Write ${secondsFirst}"${yearsLast.join(' ')}" for years last`,
    );
  }
  if (/\d/.test(weekdays.replace(/#\d/g, ''))) {
    throw new Error(
      `with "?", the days of the week "${weekdays}" are ambiguous. ${COUNTED} Write names, such as mon-fri`,
    );
  }
}

const COUNTED = 'Both count the days of the week from 1 for Sunday, and Humdrum from 0.';

function inNumbers(text: string, place: number): string {
  if (text === '?' && (place === DAYS || place === WEEKDAYS)) return '*';
  if (text.includes('?')) {
    throw new Error('"?" can only stand for a whole field of days, in place of "*"');
  }
  const isBoth = place === WEEKDAYS && text.startsWith('+'); // Days must match both fields of days.
  const items = (isBoth ? text.slice(1) : text).split(',').map((item) => checkedItem(item, place));
  return `${isBoth ? '+' : ''}${items.join(',')}`;
}

const ITEM = /^(?<from>\*|\d+)(?:-(?<to>\d+))?(?:\/(?<step>\d+))?$/;

/** A number, a range, a step. `L`, `W` and `#` are left to croner. */
function checkedItem(given: string, place: number): string {
  const field = FIELDS[place] as Field;
  const item = withoutNames(given, place);
  if (/^[-/]/.test(item)) {
    throw new Error(
      `"${given}" does not say where it starts: write "*${given}", or a number first`,
    );
  }
  const { from, to, step } = ITEM.exec(item)?.groups ?? {};
  for (const number of [from, to]) {
    if (number === undefined || number === '*') continue;
    if (Number(number) >= field.from && Number(number) <= field.to) continue;
    throw new Error(`${number} is out of range: ${bounds(field)}`);
  }
  if (to !== undefined && Number(to) < Number(from)) {
    throw new Error(`the range ${given} ends before it begins`);
  }
  if (step !== undefined && Number(step) === 0) throw new Error(`"${given}" has a step of 0`);
  if (step !== undefined && Number(step) > field.size) {
    throw new Error(`the step ${step} is larger than its field: ${bounds(field)}`);
  }
  return item === '*/1' ? '*' : item;
}

const bounds = ({ name, from, to }: Field): string => `${name} are ${from} to ${to}`;

/** A name is three letters or whole. At the end of a range, Sunday is 7. */
function withoutNames(item: string, place: number): string {
  const names = { [MONTHS]: MONTH_NAMES, [WEEKDAYS]: DAY_NAMES }[place];
  if (!names) return item;
  return item.replace(/(-?)([a-z]{2,})/gi, (_, dash: string, word: string) => {
    // `friL` is the last Friday.
    const isLast = place === WEEKDAYS && /l$/i.test(word);
    const name = (isLast ? word.slice(0, -1) : word).toLowerCase();
    const at = names.findIndex((one) =>
      [one.toLowerCase(), one.slice(0, 3).toLowerCase()].includes(name),
    );
    if (at < 0) {
      throw new Error(`"${word}" is not the name of a ${place === MONTHS ? 'month' : 'day'}`);
    }
    const number = place === MONTHS ? at + 1 : dash && at === 0 ? 7 : at;
    return `${dash}${number}${isLast ? 'L' : ''}`;
  });
}

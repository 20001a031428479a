import { HumdrumError } from '../errors.ts';
import type { Watch } from '../engine/ports/alerts.ts';
import { checkHealth, type Checking } from './check-health.ts';
import { deliverAlert } from './deliver-alert.ts';
import { THRESHOLDS, type Thresholds } from './rules.ts';
import type { Sink } from './sink.ts';
import { logSink } from './sinks/log.ts';
import { testAlerts } from './test-alerts.ts';

export interface AlertOptions {
  /** Where people are told. Default: the log. */
  sinks?: readonly Sink[];
  /**
   * Names of sinks by severity: notice, warning, error, critical; the last for all above it. An alert that rises goes to the
   * next. Default: all sinks, of everything.
   */
  escalation?: readonly (readonly string[])[];
  /** An alert that nobody acknowledges is told again so often. Default, and least, an hour. */
  repeatMs?: number;
  /** And rises by one severity so often. Default 4 hours. Null: never by time alone. */
  escalateMs?: number | null;
  /** Of one kind and subject people are told so often in an hour at most, however it comes and goes. Default 6. */
  mostAnHour?: number;
  /** From when on something is wrong. */
  thresholds?: Partial<Thresholds>;
}

const HOUR_MS = 3_600_000;

/**
 * Looks after the jobs every five minutes, and tells people what is wrong, once, until it is over: `alerts` in the options
 * of `createHumdrum` or in the configuration. Errors: `config-invalid`.
 */
export function defineAlerts(options: AlertOptions = {}): Watch {
  const { sinks = [logSink()], repeatMs = HOUR_MS, escalateMs = 4 * HOUR_MS } = options;
  const { mostAnHour = 6 } = options;
  const names = sinks.map(({ name }) => name);
  const escalation = options.escalation ?? [names];
  const thresholds = { ...THRESHOLDS, ...options.thresholds };
  refuse(sinkErrors(names, escalation));
  refuse(numberErrors({ repeatMs, escalateMs, mostAnHour }, thresholds));
  const telling = {
    repeatMs,
    escalateMs,
    mostAnHour,
    topLevel: Math.min(3, escalation.length - 1),
  };
  const checking: Checking = { thresholds, telling, escalation };
  return {
    sinks,
    types: ({ database, tell }) => [
      checkHealth(database, checking),
      testAlerts(sinks, tell),
      ...sinks.map((sink) => deliverAlert(sink, tell)),
    ],
  };
}

function refuse(errors: readonly (true | string)[]): void {
  const wrong = errors.filter((said) => said !== true);
  if (wrong.length > 0) throw new HumdrumError('config-invalid', `alerts: ${wrong.join('; ')}.`);
}

function sinkErrors(
  names: readonly string[],
  escalation: readonly (readonly string[])[],
): (true | string)[] {
  const double = names.find((name, at) => names.indexOf(name) !== at);
  const strange = escalation.flat().find((name) => !names.includes(name));
  const unused = names.find((name) => !escalation.flat().includes(name));
  return [
    names.length > 0 || 'there is no sink: leave `alerts` away, or `sinks` for the log',
    double === undefined || `two sinks are called "${double}": give one a name`,
    strange === undefined || `escalation names "${strange}", and there is no such sink`,
    unused === undefined || `escalation leaves "${unused}" out: nobody would be told there`,
    (escalation.length >= 1 && escalation.length <= 4) ||
      'escalation has one to four levels: notice, warning, error, critical',
  ];
}

function numberErrors(
  {
    repeatMs,
    escalateMs,
    mostAnHour,
  }: { repeatMs: number; escalateMs: number | null; mostAnHour: number },
  { failureRate, failureRuns, queueAgeMs, transactionMs }: Thresholds,
): (true | string)[] {
  const within = (value: number, least: number, most: number): boolean =>
    Number.isFinite(value) && value >= least && value <= most;
  const [hour, month] = [HOUR_MS, 30 * 24 * HOUR_MS];
  return [
    within(repeatMs, hour, month) || 'repeatMs is from an hour (3,600,000) to 30 days',
    escalateMs === null ||
      within(escalateMs, 60_000, month) ||
      'escalateMs is from a minute (60,000) to 30 days, or null',
    within(mostAnHour, 1, 60) || 'mostAnHour is from 1 to 60',
    within(failureRate, 0, 1) || 'thresholds.failureRate is from 0 to 1',
    within(failureRuns, 1, 1_000_000) || 'thresholds.failureRuns is from 1 to 1,000,000',
    within(queueAgeMs, 1_000, month) || 'thresholds.queueAgeMs is from a second (1,000) to 30 days',
    within(transactionMs, 1_000, month) ||
      'thresholds.transactionMs is from a second (1,000) to 30 days',
  ];
}

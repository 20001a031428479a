import type { Channel } from '../engine/deliveries/receiver.ts';
import type { Watch } from '../engine/ports/alerts.ts';
import { logChannel } from '../effects/log-channel.ts';
import { HumdrumError, type Names, refuseUnknown } from '../errors.ts';
import { checkHealth, type CheckSettings } from './check-health.ts';
import { THRESHOLDS, type Thresholds } from './rules.ts';
import { asChannel, type Sink } from './sink.ts';
import { testAlerts } from './test-alerts.ts';
import { turnOver } from './turn-over.ts';

export interface AlertOptions {
  /** The channels that alerts go to: those of `humdrum/channels`, or your own. Default: the log. */
  sinks?: readonly (Channel | Sink)[];
  /**
   * Names of channels by severity: notice, warning, error, critical; the last entry for all above. An alert that rises goes to
   * the next. Default: everything goes to all channels.
   */
  escalation?: readonly (readonly string[])[];
  /** How often the notice of an alert that nobody acknowledges is repeated. Default, and least, an hour. */
  repeatMs?: number;
  /** After how long such an alert rises by one severity. Default 4 hours. Null: never by time alone. */
  escalateMs?: number | null;
  /** Rate limit for notices of one kind and subject, however often the alert comes and goes. Default 6. */
  mostAnHour?: number;
  /** Limits beyond which something is wrong. */
  thresholds?: Partial<Thresholds>;
}

const OPTIONS = {
  sinks: true,
  escalation: true,
  repeatMs: true,
  escalateMs: true,
  mostAnHour: true,
  thresholds: true,
} satisfies Names<AlertOptions>;
const LIMITS = {
  failureRate: true,
  failureRuns: true,
  queueAgeMs: true,
  transactionMs: true,
} satisfies Names<Thresholds>;

const HOUR_MS = 3_600_000;

/**
 * Checks the jobs every five minutes and raises alerts, once each, until they are resolved: `alerts` in the options of
 * `createHumdrum` or in the configuration. Errors: `config-invalid`.
 */
export function defineAlerts(options: AlertOptions = {}): Watch {
  refuseUnknown('config-invalid', 'alerts', options, OPTIONS);
  refuseUnknown('config-invalid', 'alerts', options.thresholds, LIMITS, 'thresholds.');
  const { repeatMs = HOUR_MS, escalateMs = 4 * HOUR_MS, mostAnHour = 6 } = options;
  const sinks = (options.sinks ?? [logChannel()]).map(asChannel);
  const names = sinks.map(({ name }) => name);
  const escalation = options.escalation ?? [names];
  const thresholds = { ...THRESHOLDS, ...options.thresholds };
  refuse(sinkErrors(names, escalation));
  refuse(numberErrors({ repeatMs, escalateMs, mostAnHour }, thresholds));
  const topLevel = Math.min(3, escalation.length - 1);
  const policy = { repeatMs, escalateMs, mostAnHour, topLevel };
  const settings: CheckSettings = { thresholds, policy, escalation };
  return {
    sinks,
    types: ({ database, tell }) => [
      checkHealth(database, settings),
      testAlerts(sinks, tell),
      ...sinks.map(turnOver),
    ],
  };
}

function refuse(errors: readonly (true | string)[]): void {
  const wrong = errors.filter((error) => error !== true);
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
    names.length > 0 || 'there is no sink: leave out `alerts`, or `sinks` for the log',
    double === undefined || `two sinks are called "${double}": give one a name`,
    strange === undefined || `escalation names "${strange}", and there is no such sink`,
    unused === undefined || `escalation leaves "${unused}" out: it would never be used`,
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

import { Command, Option } from 'commander';
import type { z } from 'zod';
import type { Severity } from '../../engine/ports/events.ts';
import { ALERT_STATES, type AlertState, type Kind, KINDS } from '../../health/kinds.ts';
import { acknowledgeAlert, listAlerts, showAlert, testAlerts } from '../../http/contract/alerts.ts';
import { toAtMost, toWhole } from '../arguments.ts';
import { colors } from '../colors.ts';
import { refuseDryRun } from '../dry-run.ts';
import { EXIT } from '../exit.ts';
import {
  duration,
  facts,
  instant,
  painted,
  print,
  printJson,
  say,
  second,
  table,
} from '../output.ts';
import { withClient } from '../session.ts';

type Alert = z.output<typeof listAlerts.answer>['alerts'][number];
type Detail = z.output<typeof showAlert.answer>;

const PAINT: Record<Severity, (text: string) => string> = {
  notice: colors.gray,
  warning: colors.yellow,
  error: colors.red,
  critical: colors.red,
};

export function alertsCommand(): Command {
  const alerts = new Command('alerts').description('show and acknowledge alerts');
  alerts.addCommand(listCommand());
  alerts.addCommand(showCommand());
  alerts.addCommand(ackCommand());
  alerts.addCommand(testCommand());
  return alerts;
}

interface ListFlags {
  state?: AlertState[];
  all?: true;
  kind?: Kind;
  subject?: string;
  limit: number;
  before?: number;
  json?: true;
}

function listCommand(): Command {
  return new Command('list')
    .description('list unresolved alerts, newest first')
    .addOption(new Option('--state <state...>', 'only these states').choices(ALERT_STATES))
    .option('--all', 'include resolved alerts')
    .addOption(new Option('--kind <kind>', 'only this kind').choices(KINDS))
    .option('--subject <subject>', 'only this job type, queue:NAME, workers or database')
    .option('--limit <number>', 'maximum number, up to 1000', toAtMost(1_000), 20)
    .option('--before <id>', 'continue after a page', toWhole)
    .option('--json', 'print JSON')
    .action(async ({ json, all, ...query }: ListFlags, command: Command) => {
      const state: AlertState[] | undefined = all
        ? undefined
        : (query.state ?? ['open', 'acknowledged']);
      const page = await withClient(command, (client) =>
        client.call(listAlerts, { query: { ...query, state } }),
      );
      if (json) return printJson(page);
      const rows = page.alerts.map((one) => [
        String(one.id),
        second(one.firedAt),
        one.state,
        painted(one.severity, PAINT[one.severity]),
        one.kind,
        one.summary,
      ]);
      const head = ['id', 'fired (UTC)', 'state', 'severity', 'kind', 'problem'];
      print(table(head, rows, 'No alerts.'));
      if (page.next !== null) say(`There are more. Add --before ${page.next}`);
    });
}

function showCommand(): Command {
  return new Command('show')
    .description('show an alert with its notifications and deliveries')
    .argument('<id>', 'of the alert', toWhole)
    .option('--json', 'print JSON')
    .action(async (id: number, { json }: { json?: true }, command: Command) => {
      const found = await withClient(command, (client) =>
        client.call(showAlert, { params: { id } }),
      );
      if (json) return printJson(found);
      print(describeDetail(found));
    });
}

function describeDetail(alert: Detail): string {
  const { acknowledgedAt, acknowledgedBy, reason, resolvedAt } = alert;
  const notified = alert.notices.map(({ notice, severity, at }) => [instant(at), notice, severity]);
  const deliveries = alert.deliveries.map((one) => [
    instant(one.at),
    one.sink,
    one.outcome === 'failed' ? painted(one.outcome, colors.red) : one.outcome,
    duration(one.durationMs),
    one.error ?? '',
  ]);
  return [
    facts([
      ['alert', String(alert.id)],
      ['kind', alert.kind],
      ['subject', alert.subject],
      ['severity', painted(alert.severity, PAINT[alert.severity])],
      ['problem', alert.summary],
      ['fired', `${instant(alert.firedAt)} UTC`],
      ['last seen', `${instant(alert.seenAt)} UTC`],
      [
        'acknowledged',
        acknowledgedAt && `${instant(acknowledgedAt)} UTC by ${acknowledgedBy}: ${reason}`,
      ],
      ['resolved', resolvedAt && `${instant(resolvedAt)} UTC`],
    ]),
    '',
    table(['notified (UTC)', 'notice', 'severity'], notified, 'No notifications.'),
    '',
    table(['at (UTC)', 'sink', 'outcome', 'took', 'error'], deliveries, 'No deliveries yet.'),
  ].join('\n');
}

function ackCommand(): Command {
  return new Command('ack')
    .description('acknowledge an alert: no more notifications until it is resolved')
    .argument('<id>', 'of the alert', toWhole)
    .requiredOption('--reason <text>', 'the reason, recorded in the audit log')
    .option('--json', 'print JSON')
    .action(
      async (id: number, { json, reason }: { json?: true; reason: string }, command: Command) => {
        refuseDryRun('acknowledge alerts');
        const alert: Alert = await withClient(command, (client) =>
          client.call(acknowledgeAlert, { params: { id }, body: { reason } }),
        );
        if (json) return printJson(alert);
        print(`Alert ${id} is acknowledged.`);
      },
    );
}

function testCommand(): Command {
  return new Command('test')
    .description('send a test notification through every sink and report the results')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: true }, command: Command) => {
      refuseDryRun('send alerts');
      const answer = await withClient(command, (client) => client.call(testAlerts));
      if (answer.sinks.some(({ outcome }) => outcome === 'failed')) process.exitCode = EXIT.failed;
      if (json) return printJson(answer);
      const rows = answer.sinks.map(({ sink, outcome, durationMs, error }) => [
        sink,
        painted(outcome, outcome === 'failed' ? colors.red : colors.green),
        duration(durationMs),
        error ?? '',
      ]);
      print(table(['sink', 'outcome', 'took', 'error'], rows, 'No sinks are configured.'));
    });
}

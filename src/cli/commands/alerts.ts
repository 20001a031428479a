import { Command, Option } from 'commander';
import type { z } from 'zod';
import type { Severity } from '../../engine/ports/events.ts';
import { ALERT_STATES, type AlertState, type Kind, KINDS } from '../../health/kinds.ts';
import { acknowledgeAlert, listAlerts, showAlert, testAlerts } from '../../http/contract/alerts.ts';
import { toAtMost, toWhole } from '../arguments.ts';
import { colors } from '../colors.ts';
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
  const alerts = new Command('alerts').description('what is wrong with jobs, queues and workers');
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
    .description('those that are not over, the newest first')
    .addOption(new Option('--state <state...>', 'only these').choices(ALERT_STATES))
    .option('--all', 'those that are over, too')
    .addOption(new Option('--kind <kind>', 'only this').choices(KINDS))
    .option('--subject <subject>', 'only of this job type, queue:NAME, workers or database')
    .option('--limit <number>', 'how many, at most 1000', toAtMost(1_000), 20)
    .option('--before <id>', 'go on where a page ended', toWhole)
    .option('--json', 'for programs')
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
      const head = ['id', 'fired (UTC)', 'state', 'severity', 'kind', 'what is wrong'];
      print(table(head, rows, 'Nothing is wrong.'));
      if (page.next !== null) say(`There is more. The same with --before ${page.next}`);
    });
}

function showCommand(): Command {
  return new Command('show')
    .description('one alert: since when, who was told, and how that went')
    .argument('<id>', 'of the alert', toWhole)
    .option('--json', 'for programs')
    .action(async (id: number, { json }: { json?: true }, command: Command) => {
      const found = await withClient(command, (client) =>
        client.call(showAlert, { params: { id } }),
      );
      if (json) return printJson(found);
      print(wordDetail(found));
    });
}

function wordDetail(alert: Detail): string {
  const { acknowledgedAt, acknowledgedBy, reason, resolvedAt } = alert;
  const told = alert.notices.map(({ notice, severity, at }) => [instant(at), notice, severity]);
  const sent = alert.deliveries.map((one) => [
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
      ['wrong', alert.summary],
      ['fired', `${instant(alert.firedAt)} UTC`],
      ['found', `${instant(alert.seenAt)} UTC, the last time`],
      [
        'acknowledged',
        acknowledgedAt && `${instant(acknowledgedAt)} UTC by ${acknowledgedBy}: ${reason}`,
      ],
      ['resolved', resolvedAt && `${instant(resolvedAt)} UTC`],
    ]),
    '',
    table(['told (UTC)', 'what', 'severity'], told, 'Nobody was told.'),
    '',
    table(['at (UTC)', 'sink', 'outcome', 'took', 'error'], sent, 'Nothing was sent yet.'),
  ].join('\n');
}

function ackCommand(): Command {
  return new Command('ack')
    .description('say that you look after it: it is not told again until it is over')
    .argument('<id>', 'of the alert', toWhole)
    .requiredOption('--reason <text>', 'why, or how: it stands in the audit')
    .option('--json', 'for programs')
    .action(
      async (id: number, { json, reason }: { json?: true; reason: string }, command: Command) => {
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
    .description('send a test through every sink, and tell what came of it')
    .option('--json', 'for programs')
    .action(async ({ json }: { json?: true }, command: Command) => {
      const answer = await withClient(command, (client) => client.call(testAlerts));
      if (answer.sinks.some(({ outcome }) => outcome === 'failed')) process.exitCode = EXIT.failed;
      if (json) return printJson(answer);
      const rows = answer.sinks.map(({ sink, outcome, durationMs, error }) => [
        sink,
        painted(outcome, outcome === 'failed' ? colors.red : colors.green),
        duration(durationMs),
        error ?? '',
      ]);
      print(table(['sink', 'outcome', 'took', 'error'], rows, 'There is no sink.'));
    });
}

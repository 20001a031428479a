import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { FAMILIES } from '../../src/telemetry/families.ts';
import { freshFolder } from '../support/databases.ts';
import { programOrWarning } from '../support/programs.ts';

const DEPLOY = fileURLToPath(new URL('../../deploy', import.meta.url));

const promtool = programOrWarning('promtool');

const textOf = (path: string): string => readFileSync(join(DEPLOY, path), 'utf8');

/** The names that Prometheus knows them by. */
const exported = new Set(
  FAMILIES.flatMap(({ name, kind }) =>
    kind === 'histogram' ? ['_bucket', '_sum', '_count'].map((part) => name + part) : [name],
  ),
);

interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  targets?: { expr: string }[];
}

interface Dashboard {
  panels: Panel[];
  templating: { list: { name: string; definition?: string }[] };
}

interface Rules {
  groups: { rules: { alert: string; expr: string; annotations: object }[] }[];
}

const dashboard = JSON.parse(textOf('grafana/humdrum.json')) as Dashboard;
const { groups } = parse(textOf('prometheus/alerts.yml')) as Rules;
const rules = groups.flatMap((group) => group.rules);
const shown = [
  ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ...dashboard.templating.list.flatMap(({ definition }) => definition ?? []),
];

const metricsIn = (expressions: readonly string[]): string[] => [
  ...new Set(expressions.flatMap((text) => text.match(/\bhumdrum_[a-z_]+/g) ?? [])),
];

describe('the dashboard and the alert rules', () => {
  it('name only metrics that are exported', () => {
    const named = metricsIn([...shown, ...rules.map(({ expr }) => expr)]);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((name) => !exported.has(name))).toEqual([]);
  });

  it('leave no metric unseen', () => {
    const seen = new Set(metricsIn(shown));
    const unseen = FAMILIES.map(({ name }) => name).filter(
      (name) => ![name, `${name}_bucket`, `${name}_count`].some((one) => seen.has(one)),
    );
    expect(unseen).toEqual([]);
  });

  it('have panels that say what they are, each with an id of its own', () => {
    const panels = dashboard.panels.filter(({ type }) => type !== 'row');
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    expect(panels.filter(({ title, description }) => !title || !description)).toEqual([]);
  });

  it.skipIf(promtool === null)('have expressions that Prometheus can read', async () => {
    const panels = shown.filter((expr) => !expr.startsWith('label_values('));
    const recorded = panels.map((expr, at) => ({
      record: `panel:${at}`,
      // As Grafana fills them in.
      expr: expr.replaceAll('$__rate_interval', '1m').replaceAll(/\$\w+/g, '.*'),
    }));
    const file = join(await freshFolder(), 'panels.json');
    await writeFile(file, JSON.stringify({ groups: [{ name: 'panels', rules: recorded }] }));
    const said = spawnSync(promtool ?? '', ['check', 'rules', file]);
    expect(said.stdout.toString(), said.stderr.toString()).toContain(
      `SUCCESS: ${panels.length} rules found`,
    );
  });

  it.skipIf(promtool === null)('have rules that are valid, and fire when they should', () => {
    const options = { cwd: join(DEPLOY, 'prometheus') };
    const checked = execFileSync(promtool ?? '', ['check', 'rules', 'alerts.yml'], options);
    expect(checked.toString()).toContain(`SUCCESS: ${rules.length} rules found`);
    const tested = spawnSync(promtool ?? '', ['test', 'rules', 'alerts.test.yml'], options);
    expect(tested.status, tested.stdout.toString() + tested.stderr.toString()).toBe(0);
    const config = execFileSync(promtool ?? '', ['check', 'config', 'prometheus.yml'], options);
    expect(config.toString()).toContain('is valid prometheus config file syntax');
  });

  it('have a test for each alert that it fires, and that it does not', () => {
    const tests = textOf('prometheus/alerts.test.yml');
    for (const { alert } of rules) {
      expect(tests.split(`alertname: ${alert}`).length - 1, alert).toBeGreaterThanOrEqual(2);
    }
  });
});

import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrate.ts';
import { openPglite } from '../../src/database/pglite.ts';
import { openPostgres } from '../../src/database/postgres.ts';
import { migrationSets } from '../../src/engine/job/pack.ts';
import { defineAlerts, slackSink, type Notice } from '../../src/health/index.ts';
import { showAlert } from '../../src/health/list-alerts.ts';
import { anyBackendWhere, freshFolder, type Backend } from '../support/databases.ts';
import { openEngine } from '../support/engine.ts';
import { Receiver } from '../support/receivers.ts';

const NOTICE: Notice = {
  alert: 1,
  notice: 'fired',
  kind: 'late',
  subject: 'test.type',
  severity: 'warning',
  summary: 'test.type is late.',
  facts: { everyMs: 2_100_000 },
  firedAt: '2026-03-02T09:40:00.000Z',
  at: '2026-03-02T09:40:00.000Z',
};

// As the version before wrote it: two notices, of which job 5 has delivered one to Slack at its second attempt; and a sink that
// has failed twice.
const BEFORE = `
insert into humdrum.alert (kind, subject, level, summary, facts, fired_at, seen_at, level_at, notified_at, resolved_at)
values ('late', 'test.type', 1, 'test.type is late.', '{}', now(), now(), now(), now(), null),
  ('late', 'test.over', 1, 'test.over is late.', '{}', now(), now(), now(), now(), now());
insert into humdrum.alert_notice (alert_id, notice, level, at) values (1, 'fired', 1, now()), (2, 'fired', 1, now());
insert into humdrum.alert_delivery (alert_id, notice_id, job_id, attempt, sink, at, outcome, error, duration_ms)
values (1, 1, 5, 1, 'slack', now() - interval '1 minute', 'failed', 'no answer', 7), (1, 1, 5, 2, 'slack', now(), 'sent', null, 8),
  (null, null, 6, 1, 'slack', now(), 'sent', null, 9);
insert into humdrum.alert_sink values ('slack', 2, null)`;

/** An empty database with the migrations of the version before. */
async function before(place: string, backend: Backend): Promise<Database> {
  const db = backend === 'pglite' ? await openPglite() : await openPostgres(place);
  onTestFinished(() => db.close());
  await db.query('drop schema if exists humdrum cascade');
  const folder = await freshFolder();
  const [engine] = migrationSets([]);
  if (!engine) throw new Error('The engine has migrations.');
  const files = (await readdir(engine.folder)).filter((name) => name < '0010');
  await Promise.all(
    files.map((name) => copyFile(new URL(name, engine.folder), join(folder, name))),
  );
  await migrate(db, [{ name: engine.name, folder: pathToFileURL(`${folder}/`) }]);
  for (const statement of BEFORE.split(';\n')) await db.query(statement);
  return db;
}

anyBackendWhere('alerts of an earlier version', (freshPlace, backend) => {
  it('keep their deliveries, and what is still queued is delivered', async () => {
    const receiver = await Receiver.open();
    const db = await before(await freshPlace(), backend);
    const { humdrum } = await openEngine(db, {
      alerts: defineAlerts({ sinks: [slackSink({ url: receiver.url })] }),
    });
    await humdrum.enqueueMany([
      { type: 'humdrum.alert.slack', input: { id: 1, notice: NOTICE } },
      { type: 'humdrum.alert.slack', input: { id: 2, notice: { ...NOTICE, alert: 2 } } },
    ]);
    await migrate(db, migrationSets([]));
    const sent = {
      sink: 'slack',
      outcome: 'sent',
      error: null,
      jobId: 5,
      attempt: 2,
      durationMs: 8,
    };
    const failed = { ...sent, outcome: 'failed', error: 'no answer', attempt: 1, durationMs: 7 };
    expect((await showAlert(db, 1)).deliveries).toMatchObject([failed, sent]);
    const { rows } = await db.query('select channel, failures from humdrum.breaker');
    expect(rows).toEqual([{ channel: 'slack', failures: 2 }]);

    await humdrum.register();
    await humdrum.drain();
    // That of the alert that is resolved is skipped.
    expect(receiver.received.map(({ body }) => body)).toEqual([
      expect.stringContaining('test.type is late.'),
    ]);
    expect((await showAlert(db, 1)).deliveries).toHaveLength(3);
    expect((await showAlert(db, 2)).deliveries).toEqual([]);
    expect(await humdrum.listJobs({ status: 'failed' })).toEqual([]);
  });
});

import { expect, it } from 'vitest';
import { defineAlerts, logSink, slackSink } from '../../src/health/index.ts';
import {
  acknowledgeAlert,
  listAlerts,
  showAlert,
  testAlerts,
} from '../../src/http/contract/alerts.ts';
import { jsonBody, openApi } from '../support/api.ts';
import { anyBackend } from '../support/databases.ts';
import { job, stopClockAt } from '../support/engine.ts';
import { Receiver } from '../support/receivers.ts';
import { instant } from './support.ts';

const watched = (type: string) => job(type, () => null, { health: { everyMs: 3_600_000 } });
const JOBS = [watched('test.one'), watched('test.two'), watched('test.three')];

anyBackend('alerts over HTTP', (fresh) => {
  const open = async () => {
    const db = await fresh();
    const moveTo = await stopClockAt(db, instant('09:00'));
    const receiver = await Receiver.open();
    const sinks = [logSink(), slackSink({ url: receiver.url })];
    const api = await openApi(db, { jobs: JOBS, alerts: defineAlerts({ sinks }) });
    await api.humdrum.register();
    const at = async (time: string): Promise<void> => {
      await moveTo(instant(time));
      await api.humdrum.drain();
    };
    const told = () => receiver.received.length;
    return { ...api, at, receiver, told };
  };

  it('are listed in pages, and shown with whoever was told', async () => {
    const { client, humdrum, at, receiver } = await open();
    expect(await client.call(listAlerts)).toEqual({ alerts: [], next: null });
    receiver.status = 500;
    await at('10:05');
    const first = await client.call(listAlerts, { query: { limit: 2 } });
    expect(first.alerts.map(({ kind, state, severity }) => [kind, state, severity])).toEqual([
      ['never-ran', 'open', 'warning'],
      ['never-ran', 'open', 'warning'],
    ]);
    const rest = await client.call(listAlerts, { query: { before: first.next ?? 0 } });
    expect(rest.next).toBeNull();
    expect((await humdrum.vitalSigns()).alerts).toBe(3);
    const all = [...first.alerts, ...rest.alerts];
    expect(all.map(({ subject }) => subject).toSorted()).toEqual([
      'test.one',
      'test.three',
      'test.two',
    ]);
    await humdrum.enqueue('test.two');
    await humdrum.drain();
    await at('10:10');
    const over = await client.call(listAlerts, { query: { state: ['resolved'] } });
    expect(over.alerts).toMatchObject([
      { subject: 'test.two', resolvedAt: new Date(instant('10:10')) },
    ]);
    const one = await client.call(listAlerts, { query: { subject: 'test.one' } });
    const id = one.alerts[0]?.id ?? 0;
    const detail = await client.call(showAlert, { params: { id } });
    expect(detail.firedAt).toEqual(new Date(instant('10:05')));
    expect(detail.notices).toMatchObject([{ notice: 'fired', severity: 'warning' }]);
    const [log, slack] = ['log', 'slack'].map((name) =>
      detail.deliveries.find(({ sink }) => sink === name),
    );
    expect(log).toMatchObject({ outcome: 'sent', error: null, attempt: 1 });
    expect(slack).toMatchObject({
      outcome: 'failed',
      error: expect.stringContaining('500') as string,
    });
    const { type } = await humdrum.showJob(slack?.jobId ?? 0);
    expect(type).toBe('notify.slack');
  });

  it('are acknowledged with a reason that is audited, and then not repeated', async () => {
    const { client, humdrum, send, at, told } = await open();
    await at('10:05');
    expect(told()).toBe(3);
    const { alerts } = await client.call(listAlerts, { query: { subject: 'test.one' } });
    const id = alerts[0]?.id ?? 0;
    const acknowledged = await client.call(acknowledgeAlert, {
      params: { id },
      body: { reason: 'the import is late' },
    });
    expect(acknowledged).toMatchObject({ state: 'acknowledged', reason: 'the import is late' });
    const { rows } = await humdrum.searchAudit({ events: ['acknowledged'] });
    expect(rows).toMatchObject([
      { actor: 'http', reason: `alert ${id}, never-ran test.one: the import is late` },
    ]);
    await at('11:10');
    expect(told()).toBe(3 + 2);
    await humdrum.enqueue('test.one');
    await humdrum.drain();
    await at('11:15');
    expect(told()).toBe(3 + 2 + 1);
    const again = await send(`/alerts/${id}/acknowledge`, jsonBody({ reason: 'again' }));
    expect(again.body.error).toEqual({ code: 'action-refused', message: `Alert ${id} is over.` });
    const [other] = (await client.call(listAlerts, { query: { state: ['open'] } })).alerts;
    const place = `/alerts/${other?.id}/acknowledge`;
    expect((await send(place, jsonBody({ reason: ' ' }))).status).toBe(400);
    expect((await send(place, jsonBody({ reason: 'mine' }))).status).toBe(200);
    const twice = await send(place, jsonBody({ reason: 'mine' }));
    expect(twice).toMatchObject({
      status: 409,
      body: { error: { message: `Alert ${other?.id} is acknowledged already, by http.` } },
    });
    expect((await send('/alerts/99')).body.error?.code).toBe('alert-not-found');
    expect((await send('/alerts/99/acknowledge', jsonBody({ reason: 'x' }))).status).toBe(404);
  });

  it('are tested through each sink by a job, of whoever asked', async () => {
    const { client, humdrum, receiver } = await open();
    receiver.status = 404;
    const { job: id, sinks } = await client.call(testAlerts);
    expect(sinks).toMatchObject([
      { sink: 'log', outcome: 'sent', error: null },
      { sink: 'slack', outcome: 'failed', error: expect.stringContaining('404') as string },
    ]);
    const { type, audit } = await humdrum.showJob(id);
    expect(type).toBe('humdrum.test-alerts');
    expect(audit[0]).toMatchObject({ event: 'created', actor: 'http' });
  });

  it('are refused in a sentence where nobody is to be told', async () => {
    const { send } = await openApi(await fresh(), { jobs: JOBS });
    const { status, body } = await send('/alerts/test', { method: 'POST' });
    expect([status, body.error?.code]).toEqual([404, 'alerts-missing']);
  });
});

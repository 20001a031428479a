import { expect } from 'vitest';
import { limitsOf } from '../../src/engine/job/limit-rule.ts';
import type { JobRequest } from '../../src/engine/job/request.ts';
import { Vault } from '../../src/engine/job/secrets.ts';
import { fireDue } from '../../src/engine/schedule/fire.ts';
import type { Spec } from './commands.ts';
import type { Order } from './model.ts';
import { childIds, tickJobs } from './queries.ts';
import { OPTIONS, type System } from './system.ts';

const WITHIN_MS = 300_000;
const WAIT_MS = 20_000;
const MAX_WAIT_MS = 30_000;
const HOLD_MS = 60_000;

/** Together, but for those that are put off. */
export async function enqueueAll(system: System, specs: readonly Spec[]): Promise<void> {
  const batches = specs.some(({ key }) => key?.kind === 'debounce')
    ? specs.map((spec) => [spec])
    : [specs];
  for (const batch of batches) {
    const ids = await system.humdrum.enqueueMany(
      batch.map((spec) => requestOf(spec, system.model.now)),
    );
    for (const [at, spec] of batch.entries()) await enqueued(system, spec, ids[at] ?? 0);
  }
}

async function enqueued(system: System, spec: Spec, id: number): Promise<void> {
  const { model } = system;
  const { now } = model;
  const key =
    spec.key && `${spec.type}:${spec.key.kind === 'debounce' ? 'put-off' : spec.key.name}`;
  const order: Order = {
    ...orderOf(spec, now),
    key,
    holdMs: spec.key?.kind === 'held' ? HOLD_MS : null,
  };
  const holder = model.holder(key);
  if (spec.key?.kind === 'debounce') {
    const since = holder?.status === 'queued' ? (model.keys.get(key ?? '')?.since ?? now) : now;
    if (holder?.status === 'queued') model.cancelled(holder);
    const dueAt = Math.max(now, Math.min(now + WAIT_MS, since + MAX_WAIT_MS));
    model.created(id, { ...order, dueAt }, since);
    return;
  }
  if (holder) {
    expect(id, `job ${holder.id} has the key`).toBe(holder.id);
    return;
  }
  const family = spec.children.length > 0;
  const parent = model.created(id, {
    ...order,
    dueAt: family ? now + WITHIN_MS : order.dueAt,
    onChildFailure: family ? spec.onFailure : null,
  });
  if (!family) return;
  const ids = await childIds(system.db, id);
  expect(ids).toHaveLength(spec.children.length);
  for (const [at, child] of spec.children.entries()) {
    model.created(ids[at] ?? 0, { ...orderOf(child, now), parent });
  }
}

type Plain = Spec['children'][number];

function orderOf(spec: Plain, now: number): Order {
  return {
    type: spec.type,
    queue: spec.type === 'test.mail' ? 'mail' : 'default',
    dueAt: now + spec.delayS * 1_000,
    priority: spec.priority,
    maxAttempts: 2,
    gates: spec.limits.map(({ name, key, weight = 1 }) => ({
      name: key === undefined ? name : `${name}/${key}`,
      weight,
    })),
    startBy: spec.startByS === null ? null : now + spec.startByS * 1_000,
    key: null,
    holdMs: null,
    onChildFailure: null,
    parent: null,
  };
}

function requestOf(spec: Spec, now: number): JobRequest {
  const { key, children, onFailure } = spec;
  const plain = plainRequest(spec, now);
  if (key?.kind === 'debounce') {
    const { delayMs: _, ...rest } = plain;
    return { ...rest, debounce: { key: 'put-off', waitMs: WAIT_MS, maxWaitMs: MAX_WAIT_MS } };
  }
  const unique = key && { key: key.name, ...(key.kind === 'held' ? { forMs: HOLD_MS } : {}) };
  const request = { ...plain, ...(unique ? { unique } : {}) };
  if (children.length === 0) return request;
  const { delayMs: _, ...rest } = request;
  const jobs = children.map((child) => plainRequest(child, now));
  return { ...rest, children: { jobs, onFailure, withinMs: WITHIN_MS } };
}

function plainRequest(
  { type, priority, limits, delayS, startByS }: Plain,
  now: number,
): JobRequest {
  return {
    type,
    priority,
    limits,
    ...(delayS > 0 ? { delayMs: delayS * 1_000 } : {}),
    ...(startByS === null ? {} : { startBy: new Date(now + startByS * 1_000) }),
  };
}

/** Each tick makes one job, and where a job of an earlier one is open none. */
export async function fireTicks(system: System): Promise<void> {
  const { model, db, humdrum } = system;
  const last = Math.max(0, ...model.jobs.keys());
  await fireDue({
    database: db,
    types: humdrum.types,
    limits: limitsOf(OPTIONS),
    vault: new Vault([]),
    onEvent: () => undefined,
  });
  const made = await tickJobs(db, last);
  for (const { id, type, run_at: tick } of made) {
    const inTurn = type === 'test.queue';
    const key = inTurn ? null : `${type}:humdrum.overlap`;
    expect(model.holder(key)).toBeNull();
    model.created(id, {
      ...orderOf(
        { type: 'test.model', priority: 0, limits: [], delayS: 0, startByS: null },
        model.now,
      ),
      type,
      dueAt: tick.getTime(),
      gates: inTurn ? [{ name: `humdrum.in-turn/${type}`, weight: 1 }] : [],
      key,
    });
  }
}

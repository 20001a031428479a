/** The process of one worker of one system. Controlled by `worker-process.ts`. */
import { loadSystem } from './catalogue.ts';
import { nowMs } from './clock.ts';
import { handlerFor } from './handlers.ts';
import type { Running } from './system.ts';
import type { Order, Word, WorkerTask } from './worker-process.ts';

const task = JSON.parse(process.argv[2] ?? '') as WorkerTask;
const system = await loadSystem(task.system);
const handler = handlerFor(task, {
  onMilestone: () => say({ word: 'milestone', atMs: nowMs() }),
  onStarted: (id, atMs) => say({ word: 'started', id, atMs }),
});
let running: Running | null = null;

function say(word: Word, onSent: () => void = () => undefined): void {
  process.send?.(word, onSent);
}

async function go(): Promise<void> {
  const { place, settings, writers, scraped = false } = task;
  if (scraped && !system.workScraped) throw new Error(`${task.system} has no metrics.`);
  if (scraped) running = (await system.workScraped?.(place, handler.run)) ?? null;
  else if (writers === undefined) running = await system.work(place, settings, handler.run);
  else running = await system.workWithWrites(place, writers, handler.runWithWrites);
  say({ word: 'working' });
}

async function stop(): Promise<void> {
  await running?.stop();
  tally(() => process.exit());
}

function tally(onSent?: () => void): void {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  const maxRssMiB = maxRSS / 1_024;
  const cpuMs = (userCPUTime + systemCPUTime) / 1_000;
  say({ word: 'tally', tally: { ...handler.counts(), maxRssMiB, cpuMs } }, onSent);
}

function obey(order: Order): void {
  if (order === 'tally') tally();
  else (order === 'go' ? go() : stop()).catch(fail);
}

function fail(error: unknown): void {
  console.error(error);
  process.exit(1);
}

// The measuring process is gone.
process.once('disconnect', () => process.exit());
process.on('message', obey);
say({ word: 'loaded' });

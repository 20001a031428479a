import { testHumdrum } from 'humdrum/testing';
import { refresh, reports } from './migrating/humdrum.mjs';

// A Friday. The next tick is on Monday, and in between the clocks of Berlin go forward.
const humdrum = await testHumdrum({ jobs: [reports, refresh], now: '2026-03-27T12:00:00Z' });
const { tick, ran } = await humdrum.runTick(reports);
const run = ran.find(({ type }) => type === reports.type);
console.log(tick.toISOString(), run?.status, run?.result);
await humdrum.close();

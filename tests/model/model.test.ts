import fc from 'fast-check';
import { expect, it } from 'vitest';
import { replayStatus } from '../../src/engine/job/lifecycle.ts';
import { rollUpAll } from '../../src/engine/statistics/roll-up.ts';
import { ALL, anyBackend } from '../support/databases.ts';
import { openEngine, stopClockAt } from '../support/engine.ts';
import { compare, compareStatistics } from './checks.ts';
import { sequence } from './commands.ts';
import { drain, perform } from './perform.ts';
import { DEFINE, histories } from './queries.ts';
import { OPTIONS, System, TYPES } from './system.ts';

// HUMDRUM_MODEL_RUNS=5000 npx vitest run tests/model, with HUMDRUM_MODEL_SEED to run a printed seed again.
const RUNS = { pglite: 0, postgres: Number(process.env['HUMDRUM_MODEL_RUNS'] ?? (ALL ? 50 : 10)) };
RUNS.pglite = Math.ceil(RUNS.postgres / 4); // where each takes three times as long
const SEED = Number(process.env['HUMDRUM_MODEL_SEED'] ?? Date.now() % 2 ** 31);
const TIMEOUT_MS = 60_000 + 2_000 * RUNS.postgres;

anyBackend('whatever is done to jobs', (fresh, backend) => {
  it(
    `leaves them where the contract says (seed ${SEED})`,
    async () => {
      const db = await fresh();
      const moveTo = await stopClockAt(db, '2026-03-01T10:00:00Z');
      const { humdrum } = await openEngine(db, { jobs: TYPES, ...OPTIONS });
      for (const one of DEFINE) await db.query(one);
      let runs = 0;
      const property = fc.asyncProperty(sequence, async (commands) => {
        runs += 1;
        if (runs % 50 === 0) await db.query('vacuum');
        const system = new System(db, humdrum, moveTo);
        await system.begin();
        for (const [at, command] of commands.entries()) {
          await perform(system, command);
          await compare(system);
          if (at % 10 === 9) await rollUpAll(db);
        }
        await compareStatistics(system);
        await drain(system);
        await compare(system);
        await compareStatistics(system);
        for (const { id, events, attempts } of await histories(db)) {
          expect(replayStatus(events), `the audit of job ${id}`).toBe(system.job(id).status);
          expect(attempts).toEqual(attempts.map((_, at) => at + 1));
        }
      });
      await fc.assert(property, {
        seed: SEED,
        numRuns: RUNS[backend],
        interruptAfterTimeLimit: TIMEOUT_MS - 20_000,
        markInterruptAsFailure: true,
      });
    },
    TIMEOUT_MS,
  );
});

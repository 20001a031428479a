import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { importGames, picks, placeBets } from '../../src/packs/picks/index.ts';
import { anyBackend } from '../support/databases.ts';
import { dump } from '../support/dump.ts';
import { openEngine } from '../support/engine.ts';

const FILE = new URL('../../../shared/data/nfl/games-2010-2019.csv', import.meta.url).pathname;

describe.skipIf(!existsSync(FILE))(`ten NFL seasons (skipped where ${FILE} is not there)`, () => {
  anyBackend('settlement', (fresh) => {
    it(
      'is foretold by its rehearsal to the row, which leaves not a byte',
      { timeout: 180_000 },
      async () => {
        const db = await fresh({ packs: [picks] });
        const { humdrum } = await openEngine(db, { packs: [picks] });
        expect(await importGames(db, { path: FILE })).toMatchObject({
          games: 2_626,
          inserted: 2_626,
        });
        expect(await placeBets(db, { stakeCents: 1_000, everySide: true })).toMatchObject({
          bets: 15_756,
        });

        const before = await dump(db);
        const plan = await humdrum.rehearse('picks.settle-games');
        expect(await dump(db)).toBe(before);
        expect(plan.error).toBeNull();
        expect(plan.effects).toHaveLength(2_626);

        const report = await humdrum.run('picks.settle-games');
        expect(report.plan?.hash).toBe(plan.hash);
        expect(report.plan?.tables).toEqual(plan.tables);
        expect(report.plan?.effects).toEqual(plan.effects);
        const open = await db.query(`select from picks.bet where state = 'open'`);
        expect(open.rows).toEqual([]);
        const recorded = await humdrum.showJob(report.jobId);
        expect(recorded.effects).toEqual(plan.effects);

        const again = await humdrum.run('picks.settle-games');
        expect(again.plan?.tables).toEqual([]);
        expect(again.plan?.effects).toEqual([]);
      },
    );
  });
});

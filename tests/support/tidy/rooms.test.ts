import { describe, expect, it } from 'vitest';
import { noCircles, ROOMS, roomsFollowTheTable } from './rooms.ts';
import type { SourceFile } from './source.ts';

const file = (path: string, text: string): SourceFile => ({ path, text });

const places = (findings: readonly string[]): string[] =>
  findings.map((found) => found.split(': ')[0] ?? '');

describe('the rooms of the engine', () => {
  const importing = (path: string, to: string) => [file(path, `import type { A } from '${to}';`)];

  it.each([
    ['src/engine/job/context.ts', '../transitions/claim.ts'],
    ['src/engine/worker/worker.ts', '../show/job.ts'],
    ['src/engine/attic/a.ts', '../job/context.ts'],
    ['src/engine/claim.ts', './job/context.ts'],
    ['src/http/routes/jobs.ts', '../../engine/transitions/claim.ts'],
    ['src/cli/main.ts', '../engine/assemble.ts'],
  ])('are closed: %s may not import %s', (path, to) => {
    expect(places(roomsFollowTheTable(importing(path, to)))).toEqual([`${path}:1`]);
  });

  it.each([
    ['src/engine/transitions/claim.ts', '../job/claimed-job.ts'],
    ['src/engine/transitions/claim.ts', './fence.ts'],
    ['src/engine/transitions/claim.ts', '../../database/database.ts'],
    ['src/engine/assemble.ts', './worker/options.ts'],
    ['src/index.ts', './engine/operators/preview.ts'],
    ['src/http/routes/jobs.ts', '../../engine/humdrum.ts'],
    ['src/http/routes/jobs.ts', '../../engine/job/lifecycle.ts'],
    ['src/health/facts.ts', '../engine/show/doctor.ts'],
  ])('are open: %s may import %s', (path, to) => {
    expect(roomsFollowTheTable(importing(path, to))).toEqual([]);
  });

  it('have a table without a circle', () => {
    const rooms = Object.entries(ROOMS).map(([room, may]) =>
      file(`src/${room}/a.ts`, may.map((to) => `import '../${to}/a.ts';`).join('\n')),
    );
    expect(noCircles(rooms)).toEqual([]);
  });

  it('tell of a circle, of types too', () => {
    const circle = [
      file('src/a.ts', `import type { B } from './b.ts';`),
      file('src/b.ts', `import './c.ts';`),
      file('src/c.ts', `export * from './a.ts';`),
      file('src/d.ts', `import './a.ts';`),
    ];
    expect(noCircles(circle)).toEqual([
      'src/a.ts:1: imports itself: src/a.ts → src/b.ts → src/c.ts → src/a.ts',
    ]);
    expect(noCircles(circle.slice(1))).toEqual([]);
  });
});

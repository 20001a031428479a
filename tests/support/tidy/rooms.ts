import { isWithin, relativeImports } from './imports.ts';
import { finding, type Finding, type SourceFile } from './source.ts';

const BELOW_WORKER = [
  'base',
  'job',
  'ports',
  'audit',
  'transitions',
  'enqueue',
  'statistics',
  'files',
  'handler',
  'deliveries',
  'settle',
  'rehearse',
  'schedule',
  'register',
  'upkeep',
];

/** Which room of src/engine/ may import which. Imports of types count. A room may always import itself. */
export const ROOMS: Record<string, readonly string[]> = {
  base: [],
  job: ['base'],
  ports: ['job'],
  audit: ['base', 'job'],
  transitions: ['base', 'job'],
  enqueue: ['transitions', 'ports', 'job', 'base'],
  statistics: ['audit', 'transitions', 'base', 'job'],
  files: ['ports', 'job'],
  handler: ['files', 'ports', 'job', 'base'],
  deliveries: ['enqueue', 'transitions', 'ports', 'job', 'base'],
  settle: ['deliveries', 'transitions', 'ports', 'job'],
  rehearse: ['handler', 'ports', 'job', 'base'],
  search: ['deliveries', 'statistics', 'base', 'job'],
  schedule: ['enqueue', 'rehearse', 'ports', 'job', 'base'],
  register: ['schedule', 'deliveries', 'ports', 'job', 'base'],
  show: ['search', 'schedule', 'audit', 'transitions', 'job', 'base'],
  operators: ['show', 'search', 'transitions', 'ports', 'job', 'base'],
  upkeep: ['register', 'schedule', 'statistics', 'transitions', 'ports', 'job', 'base'],
  worker: BELOW_WORKER,
  system: ['upkeep', 'audit', 'files', 'ports', 'job'],
};

/** The files at the root of src/engine/: they may import every room. */
export const FACE = [
  'create-humdrum.ts',
  'humdrum.ts',
  'questions.ts',
  'assemble.ts',
  'options.ts',
] as const;

/** What the rest of src/ may import of the engine: its face, two rooms, and the files named here. */
const OPEN = [
  ...FACE.filter((name) => name !== 'assemble.ts'),
  'job',
  'ports',
  'base',
  'audit/change-feed.ts',
  'audit/export.ts',
  'audit/entry.ts',
  'audit/search.ts',
  'audit/verify.ts',
  'audit/writers.ts',
  'deliveries/breaker.ts',
  'deliveries/delivery.ts',
  'deliveries/receiver.ts',
  'deliveries/record.ts',
  'deliveries/send.ts',
  'schedule/cron.ts',
  'schedule/describe-cron.ts',
  'search/job-query.ts',
  'show/doctor.ts',
  'show/executions.ts',
  'show/vital-signs.ts',
  'show/workers.ts',
  'statistics/percentiles.ts',
  'statistics/statistics.ts',
  'transitions/hold.ts',
  'transitions/running.ts',
  'worker/drain.ts',
  'worker/options.ts',
  'worker/run-now.ts',
];

const ENGINE = 'src/engine/';

/** Inside the engine, imports follow the table of rooms; from outside, they go through the open files only. */
export function roomsFollowTheTable(files: readonly SourceFile[]): Finding[] {
  return files.flatMap((file) => {
    const room = roomOf(file.path);
    if (room === null) return outsideImports(file);
    if (room === '') return FACE.some((name) => file.path === ENGINE + name) ? [] : [stray(file)];
    const may = ROOMS[room];
    if (!may) return [finding(file, 0, `${room}/ is not in the table of rooms: add it there`)];
    return relativeImports(file)
      .map(({ to, offset }) => ({ to: roomOf(to), offset }))
      .filter(({ to }) => to !== null && to !== room && !may.includes(to))
      .map(({ to, offset }) =>
        finding(
          file,
          offset,
          `engine/${room} may not import engine/${to}: only ${may.join(', ') || 'nothing'}`,
        ),
      );
  });
}

function outsideImports(file: SourceFile): Finding[] {
  if (file.path === 'src/index.ts') return [];
  return relativeImports(file)
    .filter(
      ({ to }) => to.startsWith(ENGINE) && !OPEN.some((open) => isWithin(to, `engine/${open}`)),
    )
    .map(({ to, offset }) =>
      finding(file, offset, `${to} is inside the engine: ask humdrum.ts, or name it in rooms.ts`),
    );
}

function stray(file: SourceFile): Finding {
  return finding(
    file,
    0,
    `only ${FACE.join(', ')} stand at the root of src/engine/: find it a room`,
  );
}

/** Null: outside the engine. Empty: at its root. */
function roomOf(path: string): string | null {
  if (!path.startsWith(ENGINE)) return null;
  const [room = '', file] = path.slice(ENGINE.length).split('/');
  return file === undefined ? '' : room;
}

/** No chain of imports, of types or values, leads from a file back to itself. Reports one file of each circle. */
export function noCircles(files: readonly SourceFile[]): Finding[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const found: Finding[] = [];
  const visit = (path: string, chain: readonly string[]): void => {
    const file = byPath.get(path);
    if (!file || done.has(path)) return;
    const at = chain.indexOf(path);
    if (at >= 0) {
      found.push(finding(file, 0, `imports itself: ${[...chain.slice(at), path].join(' → ')}`));
      return;
    }
    for (const { to } of relativeImports(file)) visit(to, [...chain, path]);
    done.add(path);
  };
  for (const { path } of files) visit(path, []);
  return found;
}

import { posix } from 'node:path';
import type { Node } from 'oxc-parser';
import { eachNode, finding, textOf, type Finding, type SourceFile } from './source.ts';

const BELOW_HTTP = ['errors', 'database', 'engine', 'effects', 'health', 'telemetry', 'packs'];

/**
 * Which part of src/ may import which. A part may always import itself. Each pack is a part, so no pack imports another.
 * `http/contract` means only that file or folder.
 */
export const MAY_IMPORT: Record<string, readonly string[]> = {
  errors: [],
  'make-folder': [],
  database: ['errors', 'make-folder'],
  engine: ['errors', 'database'],
  adapters: ['errors', 'database'],
  effects: ['errors', 'make-folder', 'engine'],
  health: ['errors', 'database', 'engine', 'effects'],
  telemetry: ['errors', 'database', 'engine', 'health'],
  access: ['errors', 'database', 'engine'],
  packs: ['errors', 'engine', 'database'],
  http: [...BELOW_HTTP, 'access'],
  cli: ['make-folder', ...BELOW_HTTP, 'access', 'http', 'testing'],
  testing: BELOW_HTTP,
  nestjs: [...BELOW_HTTP, 'access', 'http'],
  dashboard: ['errors', 'http/contract'],
  index: ['errors', 'database', 'engine', 'effects', 'health'],
};

/** Checks imports against the table above. */
export function importsFollowTheTable(files: readonly SourceFile[]): Finding[] {
  return files.flatMap((file) => {
    const part = partOf(file.path);
    const may = MAY_IMPORT[part.split('/')[0] ?? ''];
    if (!may) return [finding(file, 0, `src/${part} is not in the import table: add it there`)];
    return relativeImports(file)
      .filter(({ to }) => partOf(to) !== part && !may.some((allowed) => isWithin(to, allowed)))
      .map(({ to, offset }) =>
        finding(
          file,
          offset,
          `src/${part} may not import ${to}: only ${may.join(', ') || 'nothing'}`,
        ),
      );
  });
}

/** src/index.ts contains only re-exports. */
export function indexOnlyReExports(files: readonly SourceFile[]): Finding[] {
  const found: Finding[] = [];
  for (const file of files.filter(({ path }) => path === 'src/index.ts')) {
    eachNode(file, (node, parents) => {
      if (parents.length !== 1 || (isReExport(node) && node.source)) return;
      found.push(finding(file, node.start, 'only re-exports here: move this to a file of its own'));
    });
  }
  return found;
}

/** Every source file is reachable from the exports in package.json, and every export has a source file. */
export function noDeadFile(files: readonly SourceFile[], packageJson: SourceFile): Finding[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const entries = entryPaths(packageJson);
  const reached = new Set<string>();
  const waiting = [...entries];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const file = byPath.get(path);
    if (!file || reached.has(path)) continue;
    reached.add(path);
    waiting.push(...relativeImports(file).map(({ to }) => to));
  }
  const dead = files.filter(({ path }) => !reached.has(path));
  const missing = entries.filter((path) => !byPath.has(path));
  return [
    ...dead.map((file) =>
      finding(
        file,
        0,
        'nothing that package.json exports reaches this file: delete it or export it',
      ),
    ),
    ...missing.map((path) => finding(packageJson, 0, `exports ${path}, which does not exist`)),
  ];
}

export interface RelativeImport {
  readonly to: string;
  readonly offset: number;
}

/** Static, dynamic and type imports, and re-exports, of files in this repository. */
export function relativeImports(file: SourceFile): RelativeImport[] {
  const found: RelativeImport[] = [];
  eachNode(file, (node) => {
    const source = isImport(node) || isReExport(node) ? node.source : null;
    const specifier = source && textOf(source);
    if (!specifier?.startsWith('.')) return;
    const to = posix.join(posix.dirname(file.path), specifier);
    found.push({ to, offset: node.start });
  });
  return found;
}

function isImport(node: Node) {
  return (
    node.type === 'ImportDeclaration' ||
    node.type === 'ImportExpression' ||
    node.type === 'TSImportType'
  );
}

function isReExport(node: Node) {
  return node.type === 'ExportNamedDeclaration' || node.type === 'ExportAllDeclaration';
}

/** `engine` for src/engine/…, `packs/picks` for src/packs/picks/…, `errors` for src/errors.ts. */
function partOf(path: string): string {
  const [root, first = '', second = ''] = path.replace(/\.tsx?$/, '').split('/');
  if (root !== 'src') return `(outside src) ${path}`;
  return first === 'packs' ? `packs/${second}` : first;
}

/** `part`: a folder, or a file with or without its extension. */
export function isWithin(path: string, part: string): boolean {
  return path === `src/${part}` || path === `src/${part}.ts` || path.startsWith(`src/${part}/`);
}

/** The sources of everything under `exports` and `bin`. */
function entryPaths(packageJson: SourceFile): string[] {
  const { exports, bin } = JSON.parse(packageJson.text) as { exports?: unknown; bin?: unknown };
  const built = /^(?:\.\/)?dist\/(.*)\.js$/;
  return [...strings(exports), ...strings(bin)].flatMap((target) => {
    const name = built.exec(target)?.[1];
    return name === undefined ? [] : [`src/${name}.ts`];
  });
}

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : [];
}

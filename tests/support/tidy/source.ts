import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync, visitorKeys, type Comment, type Node, type Program } from 'oxc-parser';

/** A file of the repository. `path` is relative to its root, with `/`. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** `path:line: problem, and what to do`. A rule returns the findings in the files passed to it. */
export type Finding = string;

export function finding(file: SourceFile, offset: number, message: string): Finding {
  return `${file.path}:${lineAt(file, offset)}: ${message}`;
}

export function lineAt(file: SourceFile, offset: number): number {
  return file.text.slice(0, offset).split('\n').length;
}

/** `parents` runs from the program inwards. The last one contains the node. */
export type Visit = (node: Node, parents: readonly Node[]) => void;

export function eachNode(file: SourceFile, visit: Visit): void {
  walk(parsed(file).program, [], visit);
}

export function commentsOf(file: SourceFile): Comment[] {
  return parsed(file).comments;
}

/** The value of a string literal, or of a template with `?` for each expression. Otherwise null. */
export function textOf(node: Node): string | null {
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node.type === 'TemplateLiteral') return node.quasis.map((part) => part.value.raw).join('?');
  return null;
}

/** All text files in these files and folders, except generated ones. */
export function readRepository(root: string, names: readonly string[]): SourceFile[] {
  const paths = names.flatMap((name) => pathsBelow(root, name));
  return paths.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

interface Parsed {
  readonly program: Program;
  readonly comments: Comment[];
}

const cache = new WeakMap<SourceFile, Parsed>();

function parsed(file: SourceFile): Parsed {
  const known = cache.get(file);
  if (known) return known;
  const { program, comments, errors } = parseSync(file.path, file.text);
  if (errors[0]) throw new Error(`${file.path} cannot be parsed: ${errors[0].message}`);
  const result = { program, comments };
  cache.set(file, result);
  return result;
}

function walk(node: Node, parents: readonly Node[], visit: Visit): void {
  visit(node, parents);
  const within = [...parents, node];
  for (const key of visitorKeys[node.type] ?? []) {
    const child: unknown = node[key as keyof Node];
    for (const each of [child].flat()) if (isNode(each)) walk(each, within, visit);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}

function pathsBelow(root: string, name: string): string[] {
  const at = statSync(join(root, name), { throwIfNoEntry: false });
  if (!at) return [];
  if (at.isFile()) return [name];
  return readdirSync(join(root, name))
    .filter((entry) => entry !== 'node_modules' && entry !== 'dist')
    .flatMap((entry) => pathsBelow(root, `${name}/${entry}`));
}

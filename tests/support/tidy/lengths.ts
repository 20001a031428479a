import type { Node } from 'oxc-parser';
import { eachNode, finding, lineAt, type Finding, type SourceFile } from './source.ts';

const MAX_FILE_LINES = 300;
const MAX_FUNCTION_LINES = 70;

/** Their functions hold tests, each of which is measured by itself. */
const SUITES = new Set(['describe', 'eachBackend', 'anyBackend']);

/** Reasons by path, or by `path#function`. Whoever needs no exception any more loses it. */
export type Exceptions = Readonly<Record<string, string>>;

export function filesAreShort(files: readonly SourceFile[], exceptions: Exceptions): Finding[] {
  const long = files
    .map((file) => ({ file, key: file.path, lines: file.text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > MAX_FILE_LINES)
    .map(({ file, key, lines }) => ({
      key,
      found: finding(file, 0, `${lines} lines: split it, ${MAX_FILE_LINES} is the most`),
    }));
  return withoutExceptions(long, exceptions);
}

export function functionsAreShort(files: readonly SourceFile[], exceptions: Exceptions): Finding[] {
  const long: { key: string; found: Finding }[] = [];
  for (const file of files) {
    eachNode(file, (node, parents) => {
      if (!isFunction(node) || isSuite(parents.at(-1))) return;
      const lines = lineAt(file, node.end) - lineAt(file, node.start) + 1;
      if (lines <= MAX_FUNCTION_LINES) return;
      const name = functionName(node, parents.at(-1));
      const message = `${name} has ${lines} lines: split it, ${MAX_FUNCTION_LINES} is the most`;
      long.push({ key: `${file.path}#${name}`, found: finding(file, node.start, message) });
    });
  }
  return withoutExceptions(long, exceptions);
}

function withoutExceptions(
  long: readonly { key: string; found: Finding }[],
  exceptions: Exceptions,
): Finding[] {
  const keys = new Set(long.map(({ key }) => key));
  const stale = Object.keys(exceptions).filter((key) => !keys.has(key));
  return [
    ...long.filter(({ key }) => !(key in exceptions)).map(({ found }) => found),
    ...stale.map((key) => `${key}: needs no exception any more: remove it`),
  ];
}

function isFunction(node: Node) {
  return (
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression'
  );
}

/** `describe(…)`, `describe.each(…)(…)`, `eachBackend(…)`, `anyBackend(…)`. */
function isSuite(parent: Node | undefined): boolean {
  let callee: Node | undefined = parent;
  while (callee?.type === 'CallExpression' || callee?.type === 'MemberExpression') {
    callee = callee.type === 'CallExpression' ? callee.callee : callee.object;
  }
  return (
    parent?.type === 'CallExpression' && callee?.type === 'Identifier' && SUITES.has(callee.name)
  );
}

/** Its own name, or that of the variable, method or property that it is the value of. */
function functionName(node: Node, parent: Node | undefined): string {
  const id = 'id' in node && node.id ? node.id : holderName(parent);
  return id && 'name' in id && typeof id.name === 'string' ? id.name : '(nameless)';
}

function holderName(parent: Node | undefined): Node | null {
  switch (parent?.type) {
    case 'VariableDeclarator':
      return parent.id;
    case 'MethodDefinition':
    case 'PropertyDefinition':
    case 'Property':
      return parent.key;
    default:
      return null;
  }
}

import type { Node } from 'oxc-parser';
import {
  commentsOf,
  eachNode,
  finding,
  textOf,
  type Finding,
  type SourceFile,
  type Visit,
} from './source.ts';

const MAY_HOLD_SQL =
  /^src\/(access|engine|database|health)\/|^src\/(packs\/[^/]+|testing)\/([a-z-]+-)?queries\.ts$/;

/** Matches the start of a statement. */
const SQL_START = new RegExp(
  String.raw`^\s*(?:` +
    [
      String.raw`select\s+[^]*\bfrom\b`,
      String.raw`select\s+[\w.]+\s*\(`,
      String.raw`insert\s+into\s+\S`,
      String.raw`update\s+\S+\s+(?:\w+\s+)?set\s`,
      String.raw`delete\s+from\s+\S`,
      String.raw`with\s+(?:recursive\s+)?\w+\s*(?:\([^)]*\)\s*)?as\s+(?:(?:not\s+)?materialized\s+)?\(`,
      String.raw`(?:create|alter|drop)\s+(?:or\s+replace\s+)?(?:table|index|unique|schema|view|function|trigger|type|database|sequence)\s`,
      String.raw`(?:truncate|listen|notify|lock\s+table)\s+[\w."?]+\s*(?:,|;|$)`,
    ].join('|') +
    ')',
  'i',
);

/** Prose may start with the same words, but capitalised or without the rest of the pattern. */
function isSql(text: string): boolean {
  return SQL_START.test(text) && !/^\s*[A-Z][a-z]/.test(text);
}

/** SQL belongs in the engine, database, access and health, and in queries.ts or <topic>-queries.ts of a pack or of testing. */
export function sqlHasItsPlace(files: readonly SourceFile[]): Finding[] {
  const others = files.filter(({ path }) => !MAY_HOLD_SQL.test(path));
  return inEach(others, (node) => {
    const text = textOf(node);
    return text !== null && isSql(text)
      ? 'SQL: move it to src/engine, src/database, src/access, src/health or the queries.ts of the pack'
      : null;
  });
}

/** No `any`, no comments that silence the compiler, and none that silence a lint rule without a reason. */
export function nothingIsSilenced(files: readonly SourceFile[]): Finding[] {
  const compiler = /@ts-(?:ignore|expect-error|nocheck)/;
  const linter = /\b(?:es|ox)lint-disable(?!.*--\s*\S)/;
  const any = inEach(files, (node) =>
    node.type === 'TSAnyKeyword' ? 'any: use the type, or unknown' : null,
  );
  const comments = files.flatMap((file) =>
    commentsOf(file).flatMap(({ value, start }) => {
      if (compiler.test(value))
        return [finding(file, start, 'silences the compiler: fix the type')];
      if (!linter.test(value)) return [];
      return [
        finding(file, start, 'silences the linter: fix the code, or give the reason after --'),
      ];
    }),
  );
  return [...any, ...comments];
}

const CLOCKS = new Set([
  'Date.now',
  'Math.random',
  'performance.now',
  'process.hrtime',
  'process.hrtime.bigint',
  'crypto.randomUUID',
  'randomUUID',
  'Date',
]);
const SQL_CLOCK =
  /\b(?:now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday|random|gen_random_uuid)\s*\(\s*\)|\b(?:current_(?:date|time|timestamp)|localtime|localtimestamp)\b/i;

/** A pack's jobs depend only on their context, so that late and repeated runs behave the same. */
export function packsHaveNoClockOrDice(files: readonly SourceFile[]): Finding[] {
  const packs = files.filter(({ path }) => path.startsWith('src/packs/'));
  return inEach(packs, (node) => {
    const name = clockOf(node);
    return name === null
      ? null
      : `${name}: take ctx.now, ctx.random() or ctx.id(), also as a parameter in SQL`;
  });
}

function clockOf(node: Node): string | null {
  if (node.type === 'NewExpression') {
    return dotted(node.callee) === 'Date' && node.arguments.length === 0 ? 'new Date()' : null;
  }
  if (node.type === 'CallExpression') {
    const name = dotted(node.callee);
    return CLOCKS.has(name) ? name : null;
  }
  const text = textOf(node);
  return text === null ? null : (SQL_CLOCK.exec(text)?.[0] ?? null);
}

const STATUSES = ['queued', 'running', 'completed', 'failed', 'cancelled'];

/** The five statuses are listed only in src/engine/job/lifecycle.ts. Other files import them. */
export function statusesAreListedOnce(files: readonly SourceFile[]): Finding[] {
  const others = files.filter(({ path }) => path !== 'src/engine/job/lifecycle.ts');
  return inEach(others, (node) => {
    const words = new Set(wordsIn(node));
    return STATUSES.every((status) => words.has(status))
      ? 'lists the five statuses: import them from src/engine/job/lifecycle.ts'
      : null;
  });
}

function wordsIn(node: Node): string[] {
  const text = textOf(node);
  if (text !== null) return text.split(/\W+/);
  if (node.type === 'ArrayExpression')
    return node.elements.map((each) => (each && textOf(each)) ?? '');
  if (node.type !== 'TSUnionType') return [];
  return node.types.map(
    (each) => (each.type === 'TSLiteralType' ? textOf(each.literal) : null) ?? '',
  );
}

const BANNED_WORD = /^(?:un)?(?:paus|resum)(?:e|es|ed|er|able|ing)$/;

/** No `pause` or `resume` in names of files, variables, commands, routes or columns. Prose may mention them. */
export function nothingPausesOrResumes(files: readonly SourceFile[]): Finding[] {
  const byPath = files.flatMap((file) =>
    complaintsAbout(file.path).map((it) => finding(file, 0, it)),
  );
  const sql = files
    .filter(({ path }) => path.endsWith('.sql'))
    .flatMap((file) =>
      complaintsAbout(withoutSqlComments(file.text)).map((it) => finding(file, 0, it)),
    );
  const code = files.filter(({ path }) => /\.tsx?$/.test(path));
  const byName = inEach(code, (node) => complaintsAbout(nameIn(node))[0] ?? null);
  return [...byPath, ...sql, ...byName];
}

/** The text to check: an identifier, a one-word string or path, or a statement. */
function nameIn(node: Node): string {
  if (node.type === 'Identifier' || node.type === 'PrivateIdentifier') return node.name;
  if (node.type === 'JSXIdentifier') return node.name;
  const text = textOf(node) ?? '';
  if (isSql(text)) return withoutSqlComments(text);
  return /\s/.test(text.trim()) ? '' : text;
}

function complaintsAbout(name: string): string[] {
  const words = name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/);
  return words
    .filter((word) => BANNED_WORD.test(word))
    .map(
      (word) => `${word}: the product has no such concept (design §2.3): name what it does instead`,
    );
}

function withoutSqlComments(sql: string): string {
  return sql.replaceAll(/--.*|\/\*[^]*?\*\//g, '');
}

/** No leftover to-do comments. */
export function nothingIsLeftToDo(files: readonly SourceFile[]): Finding[] {
  return files.flatMap((file) =>
    [...file.text.matchAll(/\b(?:TO[D]O|FIX[M]E|XX[X])\b/g)].map((match) =>
      finding(file, match.index, `${match[0]}: do it, or open an issue and remove the comment`),
    ),
  );
}

function inEach(files: readonly SourceFile[], complaint: (node: Node) => string | null): Finding[] {
  return files.flatMap((file) => {
    const found: Finding[] = [];
    const visit: Visit = (node) => {
      const message = complaint(node);
      if (message !== null) found.push(finding(file, node.start, message));
    };
    eachNode(file, visit);
    return found;
  });
}

/** `a.b.c`, or an empty string for anything else. */
function dotted(node: Node): string {
  if (node.type === 'Identifier') return node.name;
  if (node.type !== 'MemberExpression' || node.property.type !== 'Identifier') return '';
  return `${dotted(node.object)}.${node.property.name}`;
}

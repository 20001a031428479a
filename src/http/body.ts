import { HumdrumError } from '../errors.ts';

/** A document that is nested deeper is no input, and would break whoever goes through it by recursion. */
const DEEPEST = 100;

/** Undefined where it is empty. Errors: `request-invalid`, `content-type-unsupported`. */
export async function bodyOf(request: Request): Promise<unknown> {
  const bytes = await request.arrayBuffer();
  if (bytes.byteLength === 0) return undefined;
  refuseOtherTypes(request.headers.get('content-type'));
  const body = parse(bytes);
  if (isDeeper(body, DEEPEST)) {
    throw new HumdrumError('request-invalid', `The body is nested deeper than ${DEEPEST} levels.`);
  }
  return body;
}

/** Forms and plain text are what a page of another site can send without being asked whether it may. */
function refuseOtherTypes(type: string | null): void {
  if (type === null || /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type)) return;
  throw new HumdrumError(
    'content-type-unsupported',
    'The body is JSON: send it with "content-type: application/json".',
  );
}

function parse(bytes: ArrayBuffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch (cause) {
    throw new HumdrumError('request-invalid', 'The body is JSON in UTF-8, or nothing at all.', {
      cause,
    });
  }
}

/** Level by level: this too must not break at any depth. */
function isDeeper(value: unknown, levels: number): boolean {
  let level = [value];
  for (let depth = 0; depth <= levels; depth += 1) {
    level = level.flatMap(partsOf);
    if (level.length === 0) return false;
  }
  return true;
}

const partsOf = (value: unknown): unknown[] =>
  typeof value === 'object' && value !== null
    ? Object.values(value as Record<string, unknown>)
    : [];

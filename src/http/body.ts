import { HumdrumError } from '../errors.ts';
import { parseExactJson } from '../engine/base/exact-json.ts';

/** Deeper nesting is never valid input and would overflow the stack of recursive code. */
const DEEPEST = 100;

/** Parses the body. Undefined if it is empty. Errors: `request-invalid`, `content-type-unsupported`. */
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

/** Pages of other sites can send forms and plain text without a CORS preflight. JSON cannot be sent that way. */
function refuseOtherTypes(type: string | null): void {
  if (type === null || /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type)) return;
  throw new HumdrumError(
    'content-type-unsupported',
    'The body must be JSON. Send it with "content-type: application/json".',
  );
}

function parse(bytes: ArrayBuffer): unknown {
  try {
    return parseExactJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new HumdrumError('request-invalid', `In the body, ${cause.message}.`, { cause });
    }
    throw new HumdrumError('request-invalid', 'The body must be valid JSON in UTF-8, or empty.', {
      cause,
    });
  }
}

/** Walks level by level, because recursion would itself overflow the stack. */
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

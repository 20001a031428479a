import { HumdrumError } from '../errors.ts';
import { PermanentError } from './permanent-error.ts';

/** An error as it is kept: verbatim, but for what PostgreSQL's text cannot hold. */
export interface ErrorFact {
  class: string;
  message: string;
  stack: string | null;
}

const MAX_CHARACTERS = 1_048_576;

export function errorFact(thrown: unknown): { error: ErrorFact; permanent: boolean } {
  const permanent =
    thrown instanceof PermanentError ||
    (thrown instanceof HumdrumError && ['input-invalid', 'type-unknown'].includes(thrown.code));
  if (!(thrown instanceof Error)) {
    return { error: { class: 'NotAnError', message: asText(thrown), stack: null }, permanent };
  }
  return {
    error: {
      class: storable(thrown.name || thrown.constructor.name),
      message: storable(thrown.message),
      stack: thrown.stack === undefined ? null : storable(thrown.stack),
    },
    permanent,
  };
}

function asText(thrown: unknown): string {
  try {
    return storable(
      typeof thrown === 'string' ? thrown : (JSON.stringify(thrown) ?? String(thrown)),
    );
  } catch {
    return 'A value was thrown that has no text form.';
  }
}

function storable(text: string): string {
  const kept = text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}… (cut)` : text;
  return kept.toWellFormed().replaceAll('\u0000', '\\u0000');
}

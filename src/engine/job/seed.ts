import { createHash } from 'node:crypto';
import { canonicalJson } from '../base/canonical-json.ts';
import type { JobType } from './job-type.ts';
import { conceal } from './secrets.ts';

/** Seeds a run and its rehearsal at the same instant alike: both draw the same numbers and ids. */
export function seedOf(type: JobType, input: unknown, at: Date): string {
  const text = canonicalJson([type.type, conceal(input, type.secrets), at.toISOString()]);
  return `run:${createHash('sha256').update(text).digest('base64url').slice(0, 22)}`;
}

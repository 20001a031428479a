import { createHash } from 'node:crypto';
import { HumdrumError } from '../../errors.ts';
import type { CheckedList } from './job-query.ts';

/** A cursor for the end of a page. It holds the id of its last job, and works only for the same query and order. */
export function cursorAt(list: CheckedList, id: number): string {
  return Buffer.from(`1.${id}.${fingerprint(list)}`).toString('base64url');
}

/** The id at which the page before ended. Errors: `cursor-invalid`. */
export function idAt(list: CheckedList, cursor: string): number {
  const [version, id, print] = Buffer.from(cursor, 'base64url').toString().split('.');
  if (version !== '1' || !/^\d{1,16}$/.test(id ?? '')) {
    throw new HumdrumError(
      'cursor-invalid',
      'This is not a cursor of a list of jobs. Pass the `next` of the previous page, unchanged.',
    );
  }
  if (print !== fingerprint(list)) {
    throw new HumdrumError(
      'cursor-invalid',
      'This cursor belongs to a list with other filters or another order. Use the same ones, or start again without a cursor.',
    );
  }
  return Number(id);
}

/** A page may have another size than the one before. */
function fingerprint({ limit: _any, ...asked }: CheckedList): string {
  return createHash('sha256').update(JSON.stringify(asked)).digest('base64url').slice(0, 8);
}

import type { Payload } from './system.ts';

const BYTES = 100;
const PADS = Array.from({ length: BYTES }, (_, length) => 'x'.repeat(length));

/** A payload that is 100 bytes of JSON for any id. */
export function payload(id: number): Payload {
  const bare = JSON.stringify({ id, pad: '' }).length;
  return { id, pad: PADS[BYTES - bare] ?? '' };
}

export function payloads(count: number, from = 0): Payload[] {
  return Array.from({ length: count }, (_, at) => payload(from + at));
}

/** Splits into pieces of at most `size`. */
export function pieces<Item>(items: readonly Item[], size: number): (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) =>
    items.slice(at * size, (at + 1) * size),
  );
}

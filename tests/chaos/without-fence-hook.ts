import { readFile } from 'node:fs/promises';
import type { LoadHook } from 'node:module';

const FENCE: readonly [part: RegExp, instead: string][] = [
  // The lease must be there: now it is enough that it ever was.
  [/(?<!delete )from humdrum\.lease\b/g, 'from public.lease_ever as lease'],
  // Its worker must not be marked as lost.
  [/worker\.lost_at is null/g, 'true'],
];

export const load: LoadHook = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context);
  if (!url.endsWith('/dist/engine/transitions/fence.js')) return loaded;
  let source = await readFile(new URL(url), 'utf8');
  for (const [part, instead] of FENCE) {
    if (source.search(part) === -1) {
      throw new Error(`The fence is not where this suite looks for it: no ${part} in ${url}`);
    }
    source = source.replaceAll(part, instead);
  }
  return { ...loaded, source };
};

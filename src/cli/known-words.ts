import { readSetting, type GlobalFlags } from './config.ts';

/** Job types and queues in the local configuration. Reads no database, because completion must be fast. */
export async function knownWords(
  flags: GlobalFlags,
): Promise<{ type: readonly string[]; queue: readonly string[] }> {
  const { jobs = [], packs = [] } = (await readSetting(flags)).config;
  const types = [...packs.flatMap((pack) => pack.jobs), ...jobs];
  return {
    type: types.map(({ type }) => type),
    queue: [...new Set(types.map(({ queue }) => queue))],
  };
}

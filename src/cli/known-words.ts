import { readSetting, type GlobalFlags } from './config.ts';

/** Job types and queues of the configuration that is here, without asking a database: somebody is typing. */
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

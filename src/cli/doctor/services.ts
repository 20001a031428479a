import { errorMessage } from '../../errors.ts';
import { ok, problem, type Finding, type Patient } from './finding.ts';

/** What packs need beside the database: a Redis, for one. */
export async function checkServices({ options }: Pick<Patient, 'options'>): Promise<Finding[]> {
  const needed = (options.packs ?? []).flatMap(({ name: pack, services = [] }) =>
    services.map((service) => ({ pack, ...service })),
  );
  return Promise.all(needed.map(async ({ pack, name, check }) => probe(pack, name, check)));
}

async function probe(pack: string, name: string, check: () => Promise<void>): Promise<Finding> {
  try {
    await check();
    return ok(name, `it answers the pack ${pack}`);
  } catch (error) {
    return problem(
      name,
      errorMessage(error),
      `See the pack ${pack} in the configuration: is the address right, does the server run, is its package installed?`,
    );
  }
}

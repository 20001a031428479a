import { errorMessage } from '../../errors.ts';
import { ok, problem, type Finding, type Patient } from './finding.ts';

/** Checks services that packs need besides the database, such as Redis. */
export async function checkServices({ options }: Pick<Patient, 'options'>): Promise<Finding[]> {
  const needed = (options.packs ?? []).flatMap(({ name: pack, services = [] }) =>
    services.map((service) => ({ pack, ...service })),
  );
  return Promise.all(needed.map(async (service) => probe(service)));
}

interface Service {
  pack: string;
  name: string;
  check(): Promise<void>;
}

async function probe({ pack, name, ...service }: Service): Promise<Finding> {
  try {
    await service.check();
    return ok(name, `reachable (pack ${pack})`);
  } catch (error) {
    return problem(
      name,
      errorMessage(error),
      `Check the address in the configuration of the pack ${pack}, that the server is running, and that its package is installed.`,
    );
  }
}

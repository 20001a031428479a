import { errorMessage } from '../../errors.ts';
import { ok, problem, type Finding, type Patient } from './finding.ts';

/** Sinks that can be asked without telling anybody: mail servers let in, or not. */
export async function checkAlerts({ options }: Pick<Patient, 'options'>): Promise<Finding[]> {
  const sinks = options.alerts?.sinks ?? [];
  if (sinks.length === 0) return [ok('alerts', 'nobody is to be told')];
  const names = sinks.map(({ name }) => name).join(', ');
  const checked = await Promise.all(
    sinks.flatMap((sink) => (sink.check ? [probe(sink.name, sink.check())] : [])),
  );
  return [ok('alerts', `told to ${names}; a test: humdrum alerts test`), ...checked];
}

async function probe(name: string, asked: Promise<void>): Promise<Finding> {
  try {
    await asked;
    return ok(name, 'its server answers and lets us in');
  } catch (error) {
    return problem(
      name,
      `Alerts do not get through to ${name}: ${errorMessage(error)}`,
      'See its sink in the configuration: is the address right, does the server run, are user and password good?',
    );
  }
}

import { errorMessage } from '../../errors.ts';
import { ok, problem, type Finding, type Patient } from './finding.ts';

/** Checks sinks that can be checked without sending anything, such as mail servers. */
export async function checkAlerts({ options }: Pick<Patient, 'options'>): Promise<Finding[]> {
  const sinks = options.alerts?.sinks ?? [];
  if (sinks.length === 0) return [ok('alerts', 'no sinks configured')];
  const names = sinks.map(({ name }) => name).join(', ');
  const checked = await Promise.all(
    sinks.flatMap((sink) => (sink.check ? [probe(sink.name, sink.check())] : [])),
  );
  return [ok('alerts', `sent to ${names}; test them with: humdrum alerts test`), ...checked];
}

async function probe(name: string, check: Promise<void>): Promise<Finding> {
  try {
    await check;
    return ok(name, 'connected and authenticated');
  } catch (error) {
    return problem(
      name,
      `Cannot send alerts to ${name}: ${errorMessage(error)}`,
      'Check the address, user and password of this sink in the configuration, and that its server is running.',
    );
  }
}

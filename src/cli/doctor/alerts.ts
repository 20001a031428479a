import { errorFact } from '../../engine/job/error-fact.ts';
import { openBreakers } from '../../engine/deliveries/breaker.ts';
import { ok, problem, warning, type Finding, type Patient } from './finding.ts';

/** Lists the channels, and checks those that can be checked without sending, such as mail servers. */
export async function checkAlerts({ options }: Pick<Patient, 'options'>): Promise<Finding[]> {
  const sinks = options.alerts?.sinks ?? [];
  const names = sinks.map(({ name }) => name).join(', ');
  const summary =
    sinks.length === 0
      ? ok('alerts', 'no alerts are configured')
      : ok('alerts', `sent to ${names}; a test: humdrum alerts test`);
  const channels = new Set([...sinks, ...(options.receivers ?? []).filter(isChannel)]);
  const checked = await Promise.all(
    [...channels].flatMap((channel) =>
      channel.check ? [probe(channel.name, channel.check())] : [],
    ),
  );
  return [summary, ...checked];
}

function isChannel<Receiver extends object>(
  receiver: Receiver,
): receiver is Receiver & { name: string; check?(): Promise<void> } {
  return 'name' in receiver && typeof receiver.name === 'string';
}

/** Channels whose circuit breaker is open. */
export async function checkChannels({ database }: Patient): Promise<Finding[]> {
  const open = await openBreakers(database);
  if (open.length === 0) return [ok('channels', 'no circuit breaker is open')];
  return open.map(({ channel, failures, openUntil }) =>
    warning(
      channel,
      `It has failed ${failures} times in a row, so its messages wait until ${openUntil.toISOString()}.`,
      `See why: humdrum jobs list --type notify.${channel}. To try now, if alerts go there: humdrum alerts test`,
    ),
  );
}

const CHECK_TIMEOUT_MS = 60_000;

async function probe(name: string, checking: Promise<void>): Promise<Finding> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`it did not answer within ${CHECK_TIMEOUT_MS} ms`)),
      CHECK_TIMEOUT_MS,
    );
  });
  try {
    await Promise.race([checking, timeout]);
    return ok(name, 'connected and authenticated');
  } catch (error) {
    return problem(
      name,
      `Cannot send messages to ${name}: ${errorFact(error).message}`,
      'Check the address, user and password of this channel in the configuration, and that its server is running.',
    );
  } finally {
    clearTimeout(timer);
  }
}

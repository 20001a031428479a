import type { Receiver } from '../ports/receivers.ts';
import type { Runtime } from '../ports/runtime.ts';
import { registerAttributes } from './attributes.ts';
import { registerHealth } from './health.ts';
import { registerLimits } from './limits.ts';
import { registerReceivers } from './receivers.ts';

/** Records the part of this process's configuration that all processes need: limits, receivers, attributes, health rules. */
export async function register(
  { database, limits, types }: Runtime,
  receivers: readonly Receiver[],
  actor: string,
): Promise<void> {
  await registerLimits(database, limits, actor);
  await registerReceivers(database, receivers);
  await registerAttributes(database, types.all());
  await registerHealth(database, types.all());
}

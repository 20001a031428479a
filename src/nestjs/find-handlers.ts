import { ContextIdFactory, type DiscoveryService, type ModuleRef } from '@nestjs/core';
import type { JobType } from '../engine/job/job-type.ts';
import { defineJob } from '../engine/job/define-job.ts';
import { HumdrumError } from '../errors.ts';
import { handledBy, type HandlerClass, type RunsJobs } from './job-handler.ts';

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** Returns a job type for each handler among the application's providers. Errors: `handler-invalid`. */
export function findHandlers(discovery: DiscoveryService, modules: ModuleRef): JobType[] {
  const found = new Map<string, Wrapper>();
  return discovery.getProviders().flatMap((wrapper) => {
    const definition = wrapper.isAlias ? undefined : definitionOf(wrapper);
    if (!definition) return [];
    const other = found.get(definition.type);
    if (other) throw handledTwice(definition.type, other, wrapper);
    found.set(definition.type, wrapper);
    const run: RunsJobs<unknown>['run'] = async (ctx, input) =>
      (await instanceOf(wrapper, modules)).run(ctx, input);
    return [defineJob({ ...definition, run })];
  });
}

/** Looks at the class, then at the token: a factory or a test override may provide the instance under the handler's class. */
function definitionOf({ metatype, token }: Wrapper) {
  return [metatype, token].map((one) => handledBy(one)?.definition).find((one) => one);
}

/** A request-scoped or transient handler, or one with such a dependency, gets a new instance for each attempt. */
async function instanceOf(wrapper: Wrapper, modules: ModuleRef): Promise<RunsJobs<unknown>> {
  if (wrapper.isDependencyTreeStatic() && !wrapper.isTransient) {
    return wrapper.instance as RunsJobs<unknown>;
  }
  const token = wrapper.token as HandlerClass<unknown>;
  return modules.resolve(token as never, ContextIdFactory.create(), { strict: false });
}

function handledTwice(type: string, ...wrappers: [Wrapper, Wrapper]): HumdrumError {
  const [one, other] = wrappers.map(({ name, host }) => `${String(name)} (${host?.name})`);
  return new HumdrumError(
    'handler-invalid',
    `Job type ${type} has two handlers, ${one} and ${other}. Keep one of them, as a provider of one module.`,
  );
}

import { SetMetadata } from '@nestjs/common';
import type { Context } from '../engine/job/context.ts';
import type { JobDefinition, JobType } from '../engine/job/job-type.ts';
import { defineJob } from '../engine/job/define-job.ts';
import { HumdrumError } from '../errors.ts';

/** What `defineJob` takes, but for `run`, which is the class's own method. */
export type HandlerDefinition<Input> = Omit<JobDefinition<Input, unknown>, 'run'>;

export interface RunsJobs<Input> {
  run(ctx: Context, input: Input): unknown;
}

export type HandlerClass<Input> = abstract new (...injected: never[]) => RunsJobs<Input>;

const HANDLER = 'humdrum:job-handler';

/**
 * A provider whose `run` handles the jobs of one type. List it among the `providers` of any module, and it is found.
 * Errors: `type-invalid`, `handler-invalid`.
 */
export function JobHandler<Input>(
  definition: HandlerDefinition<Input>,
): (target: HandlerClass<Input>) => void {
  const type = defineJob({ ...definition, run: () => outsideOfAnyApplication(definition.type) });
  return (target) => {
    if (typeof (target.prototype as { run?: unknown }).run !== 'function') {
      throw invalid(`${target.name} has no method run(ctx, input), and @JobHandler needs one.`);
    }
    SetMetadata(HANDLER, { definition, type } satisfies Handled<Input>)(target);
  };
}

/** The job type of a handler, to enqueue by: `humdrum.enqueue(jobTypeOf(SendMail), { to })`. Errors: `handler-invalid`. */
export function jobTypeOf<Input>(handler: HandlerClass<Input>): JobType<Input> {
  const handled = handledBy(handler);
  if (handled) return handled.type as JobType<Input>;
  throw invalid(
    `${handler.name} is no job handler: it lacks the decorator @JobHandler({ type, … }).`,
  );
}

interface Handled<Input> {
  definition: HandlerDefinition<Input>;
  /** The same, without an application that runs it. */
  type: JobType<Input>;
}

/** What the decorator has been told. Undefined: the class has none of its own; a subclass does not inherit it. */
export function handledBy(handler: unknown): Handled<unknown> | undefined {
  if (typeof handler !== 'function') return undefined;
  return Reflect.getOwnMetadata(HANDLER, handler) as Handled<unknown> | undefined;
}

function outsideOfAnyApplication(type: string): never {
  throw invalid(
    `Jobs of ${type} run in a Nest application that has its handler among its providers.`,
  );
}

function invalid(what: string): HumdrumError {
  return new HumdrumError('handler-invalid', what);
}

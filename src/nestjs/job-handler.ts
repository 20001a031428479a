import { SetMetadata } from '@nestjs/common';
import type { Context } from '../engine/job/context.ts';
import type { JobDefinition, JobType } from '../engine/job/job-type.ts';
import { defineJob } from '../engine/job/define-job.ts';
import { HumdrumError } from '../errors.ts';

/** The options of `defineJob` without `run`, which is a method of the class. */
export type HandlerDefinition<Given, Input> = Omit<JobDefinition<Given, Input, unknown>, 'run'>;

export interface RunsJobs<Input> {
  run(ctx: Context, input: Input): unknown;
}

export type HandlerClass<Input> = abstract new (...injected: never[]) => RunsJobs<Input>;

const HANDLER = 'humdrum:job-handler';

/**
 * Marks a provider whose `run` method handles the jobs of one type. Add the class to the `providers` of any module.
 * Errors: `type-invalid`, `handler-invalid`.
 */
export function JobHandler<Given, Input>(
  definition: HandlerDefinition<Given, Input>,
): (target: HandlerClass<Input>) => void {
  const type = defineJob({ ...definition, run: () => failOutsideApplication(definition.type) });
  return (target) => {
    if (typeof (target.prototype as { run?: unknown }).run !== 'function') {
      throw invalid(`@JobHandler needs a method run(ctx, input), and ${target.name} has none.`);
    }
    SetMetadata(HANDLER, { definition, type })(target);
  };
}

/** The job type of a handler, for enqueuing: `humdrum.enqueue(jobTypeOf(SendMail), { to })`. Errors: `handler-invalid`. */
export function jobTypeOf<Input>(handler: HandlerClass<Input>): JobType<Input> {
  const handled = handledBy(handler);
  if (handled) return handled.type as JobType<Input>;
  throw invalid(
    `${handler.name} is not a job handler. Add the decorator @JobHandler({ type, … }).`,
  );
}

interface Handled {
  definition: HandlerDefinition<unknown, unknown>;
  /** Its job type, for enqueuing. Running it outside an application throws. */
  type: JobType;
}

/** The decorator's metadata, or undefined if the class has none. Subclasses do not inherit it. */
export function handledBy(handler: unknown): Handled | undefined {
  if (typeof handler !== 'function') return undefined;
  return Reflect.getOwnMetadata(HANDLER, handler) as Handled | undefined;
}

function failOutsideApplication(type: string): never {
  throw invalid(
    `Jobs of type ${type} can run only in a Nest application that provides their handler.`,
  );
}

function invalid(message: string): HumdrumError {
  return new HumdrumError('handler-invalid', message);
}

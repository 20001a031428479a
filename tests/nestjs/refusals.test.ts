import { Module } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { HumdrumModule, JobHandler, jobTypeOf } from '../../src/nestjs/index.ts';
import { fresh } from '../support/databases.ts';
import { application, input, speaker, Voice } from './application.ts';

describe('what is refused', () => {
  const invalid = (code: string, message: RegExp) =>
    expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error;

  it('a class that is no handler, and a handler that runs nothing', () => {
    expect(() =>
      jobTypeOf(
        class Plain {
          run(): void {}
        },
      ),
    ).toThrow(
      invalid('handler-invalid', /Plain is not a job handler\. Add the decorator @JobHandler/),
    );
    class Sub extends speaker() {}
    expect(() => jobTypeOf(Sub)).toThrow(invalid('handler-invalid', /Sub is not a job handler/));
    const Empty = class Empty {} as never;
    expect(() => JobHandler({ type: 'test.speak', input })(Empty)).toThrow(
      invalid(
        'handler-invalid',
        /@JobHandler needs a method run\(ctx, input\), and Empty has none/,
      ),
    );
    expect(() => JobHandler({ type: 'Not A Name', input })).toThrow(
      invalid('type-invalid', /name/),
    );
  });

  it('two handlers of one type', async () => {
    const both = application([Voice, speaker(), { provide: 'other', useClass: speaker() }]);
    await expect(both).rejects.toEqual(
      invalid('handler-invalid', /test\.speak has two handlers, .+ \(Feature\) and .+ \(Feature\)/),
    );
  });

  it('two engines, and options that cannot be', async () => {
    const database = await fresh('postgres');
    const Twice = class Twice {};
    Module({ imports: [HumdrumModule.forRoot({ database })] })(Twice);
    const engine = { ...HumdrumModule.forRoot({ database }) };
    engine.imports = [...(engine.imports ?? []), Twice];
    await expect(application([], engine)).rejects.toEqual(invalid('config-invalid', /twice/));
    for (const wrong of [{ mode: 'boss' as never }, { drainMs: -1 }]) {
      await expect(application([], wrong)).rejects.toEqual(
        invalid('config-invalid', /HumdrumModule: (mode must be one of|drainMs must be)/),
      );
    }
  });
});

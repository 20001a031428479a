import { readdir } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { ReadableStream } from 'node:stream/web';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import type { FileData, Humdrum, JobType } from '../../src/index.ts';
import { fsStorage } from '../../src/effects/fs-storage.ts';
import { anyBackend, freshFolder } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';
import { eachStorage, keysIn, sha256Of } from '../support/storages.ts';

async function* words(...all: string[]): AsyncGenerator<string> {
  for (const word of all) yield word;
}

async function* after(signal: Promise<void>, word: string): AsyncGenerator<string> {
  await signal;
  yield word;
}

anyBackend('files of a job', (fresh) => {
  let db: Database;

  beforeEach(async () => {
    db = await fresh();
  });

  eachStorage('kept', (freshStorage) => {
    it('are stored under their hash, whatever they are made of, and named by the job', async () => {
      const files = await freshStorage();
      const put = job('test.put', async (ctx) => {
        const given: Record<string, FileData> = {
          string: 'a word',
          bytes: Buffer.from('a word'),
          node: Readable.from(words('a ', 'word')),
          web: ReadableStream.from(words('a ', 'wo', 'rd')),
          iterable: words('another', ' word'),
          empty: '',
        };
        for (const [name, data] of Object.entries(given)) {
          await ctx.files.put(name, data, name === 'web' ? { contentType: 'text/plain' } : {});
        }
        return { ...(await ctx.files.put('last', 'another word')) };
      });
      const read = job('test.read', async (ctx, { sha256 }) =>
        text(await ctx.files.get(String(sha256))),
      );
      const { humdrum } = await openEngine(db, { jobs: [put, read], files });
      const { jobId, outcome } = await humdrum.run(put);
      const [one, other, empty] = ['a word', 'another word', ''].map(sha256Of);
      const plain = { contentType: 'application/octet-stream' };
      expect((await humdrum.showJob(jobId)).effects).toEqual(
        [
          { name: 'string', data: { sha256: one, bytes: 6, ...plain } },
          { name: 'bytes', data: { sha256: one, bytes: 6, ...plain } },
          { name: 'node', data: { sha256: one, bytes: 6, ...plain } },
          { name: 'web', data: { sha256: one, bytes: 6, contentType: 'text/plain' } },
          { name: 'iterable', data: { sha256: other, bytes: 12, ...plain } },
          { name: 'empty', data: { sha256: empty, bytes: 0, ...plain } },
          { name: 'last', data: { sha256: other, bytes: 12, ...plain } },
        ].map((effect) => ({ kind: 'file', ...effect })),
      );
      expect(outcome.ended).toEqual({
        result: { name: 'last', sha256: other, bytes: 12, ...plain },
      });
      const keys = ['a word', 'another word', ''].map((word) => sha256Of(word));
      expect(await keysIn(files)).toEqual(keys.toSorted());
      const readBack = await humdrum.run(read, { sha256: other });
      expect(readBack.outcome.ended).toEqual({ result: 'another word' });
    });
  });

  it('are not stored by a rehearsal, which tells the same as the run', async () => {
    const files = fsStorage(await freshFolder());
    const put = job('test.put', async (ctx) => ({
      ...(await ctx.files.put('report', words('some', 'thing'))),
    }));
    const { humdrum } = await openEngine(db, { jobs: [put], files });
    const at = new Date('2026-01-01T00:00:00Z');
    const plan = await humdrum.rehearse(put, {}, at);
    expect(plan.effects).toMatchObject([
      { kind: 'file', name: 'report', data: { sha256: sha256Of('something'), bytes: 9 } },
    ]);
    expect(await keysIn(files)).toEqual([]);
    const { plan: real } = await humdrum.run(put, {}, { at });
    expect(real?.hash).toBe(plan.hash);
    expect(await keysIn(files)).toEqual([sha256Of('something')]);
  });

  it('are undone with their savepoint and their attempt: what stays is an orphan', async () => {
    const files = fsStorage(await freshFolder());
    const put = job('test.put', async (ctx) => {
      await ctx.forEach(['good', 'bad'], async (word) => {
        await ctx.files.put(word, word);
        if (word === 'bad') throw new Error('a bad word');
      });
      if (ctx.job.attempt === 1) throw new Error('once more');
    });
    const { humdrum, events } = await openEngine(db, { jobs: [put], files });
    const { id } = await humdrum.enqueue(put);
    await humdrum.start();
    await events.settled(2);
    expect((await humdrum.showJob(id)).effects).toMatchObject([{ kind: 'file', name: 'good' }]);
    expect(await keysIn(files)).toEqual([sha256Of('good'), sha256Of('bad')].toSorted());
  });

  it('keep the order in which they were asked for, and are not undone with what came later', async () => {
    const files = fsStorage(await freshFolder());
    const put = job('test.put', async (ctx) => {
      let release = (): void => undefined;
      const released = new Promise<void>((resolve) => (release = resolve));
      const slow = ctx.files.put('slow', after(released, 'slow'));
      const failed = ctx.files
        .put('failed', { not: 'data' } as never)
        .catch((error: unknown) => String(error));
      ctx.emit('between', null);
      await ctx.forEach(['undone'], async () => {
        ctx.emit('undone', null);
        release();
        await slow;
        throw new Error('undo');
      });
      await ctx.files.put('last', 'last');
      expect(await failed).toContain('A file must be');
    });
    const { humdrum } = await openEngine(db, { jobs: [put], files });
    const { outcome } = await humdrum.run(put);
    expect(outcome.effects.map(({ name }) => name)).toEqual(['slow', 'between', 'last']);
  });

  it('cannot be put once the attempt is over', async () => {
    const files = fsStorage(await freshFolder());
    let late: Promise<unknown> = Promise.resolve();
    let release = (): void => undefined;
    const settled = new Promise<void>((resolve) => (release = resolve));
    const put = job('test.put', (ctx) => {
      late = settled.then(async () => ctx.files.put('late', 'late'));
    });
    const { humdrum } = await openEngine(db, { jobs: [put], files });
    const { jobId } = await humdrum.run(put);
    release();
    await expect(late).rejects.toThrow('This attempt is over');
    expect((await humdrum.showJob(jobId)).effects).toEqual([]);
    expect(await keysIn(files)).toEqual([]);
  });

  it('fail the job that does not wait for them', async () => {
    const files = fsStorage(await freshFolder());
    const never = new Promise<void>(() => undefined);
    const hasty = job('test.hasty', (ctx) => void ctx.files.put('late', after(never, 'late')));
    const { humdrum } = await openEngine(db, { jobs: [hasty], files });
    const { outcome } = await humdrum.run(hasty);
    expect(outcome.ended).toMatchObject({
      error: { message: expect.stringContaining('await ctx.files.put') as string },
    });
  });

  it('are given up when the attempt is aborted, and leave no copy behind', async () => {
    const files = fsStorage(await freshFolder());
    const scratch = await freshFolder();
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = scratch;
    onTestFinished(() => {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    });
    const never = new Promise<void>(() => undefined);
    let halfway = (): void => undefined;
    const copying = new Promise<void>((resolve) => (halfway = resolve));
    async function* stuck(): AsyncGenerator<string> {
      yield 'the beginning';
      halfway();
      await never;
    }
    let putting: Promise<unknown> = never;
    const put = job('test.put', async (ctx) => (putting = ctx.files.put('stuck', stuck())));
    const { humdrum } = await openEngine(db, { jobs: [put], files });
    await humdrum.enqueue(put);
    await humdrum.start();
    await copying;
    expect(await readdir(scratch)).toHaveLength(1);
    await Promise.all([
      humdrum.stop(0),
      expect(putting).rejects.toThrow('The worker is being stopped.'),
    ]);
    expect(await readdir(scratch)).toEqual([]);
    expect(await keysIn(files)).toEqual([]);
  });

  it('need a place, a name and a type', async () => {
    const put = job('test.put', async (ctx, { name, contentType }) =>
      ctx.files.put(String(name), 'x', typeof contentType === 'string' ? { contentType } : {}),
    );
    const get = job('test.get', async (ctx, { sha256 }) =>
      text(await ctx.files.get(String(sha256))),
    );
    const bare = await openEngine(db, { jobs: [put, get] });
    await expectError(bare.humdrum, put, { name: 'x' }, /createHumdrum\(\{ files: fsStorage/);
    await expectError(bare.humdrum, get, { sha256: 'x' }, /No file storage is configured/);
    const files = fsStorage(await freshFolder());
    const { humdrum } = await openEngine(db, { jobs: [put, get], files });
    await expectError(humdrum, put, { name: '' }, /name must have 1 to/);
    await expectError(humdrum, put, { name: 'a\nb' }, /control characters/);
    await expectError(humdrum, put, { name: 'x', contentType: 'a\nb' }, /not a content type/);
    for (const sha256 of [sha256Of('unknown'), '../../etc/passwd']) {
      await expectError(humdrum, get, { sha256 }, /No file is stored under/);
    }
  });
});

async function expectError(
  humdrum: Humdrum,
  type: JobType,
  input: unknown,
  message: RegExp,
): Promise<void> {
  for (const ended of [
    (await humdrum.rehearse(type, input)).error,
    (await humdrum.run(type, input)).plan?.error,
  ]) {
    expect(ended?.message).toMatch(message);
  }
}

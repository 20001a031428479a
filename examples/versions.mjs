import { EventEmitter, on, once } from 'node:events';
import { createHumdrum, defineJob } from 'humdrum';
import { openPglite } from 'humdrum/pglite';
import { z } from 'zod';

const inMarch = defineJob({
  type: 'mail.send',
  input: z.object({ to: z.string() }),
  run: (_ctx, { to }) => console.log('to', to),
});
const inApril = defineJob({
  type: 'mail.deliver',
  aliases: ['mail.send'],
  version: 2,
  input: z.object({ to: z.array(z.string()) }),
  upcasts: { 1: (input) => ({ to: [z.object({ to: z.string() }).parse(input).to] }) },
  run: (_ctx, { to }) => console.log('to all of', to),
});

const database = await openPglite();
const march = await createHumdrum({ database, jobs: [inMarch] });
const { id } = await march.enqueue(inMarch, { to: 'ada@example.org' });

const engine = new EventEmitter();
const onEvent = (/** @type {import('humdrum').EngineEvent} */ event) =>
  void engine.emit(event.event, event);
const april = await createHumdrum({ database, jobs: [inApril], onEvent });
const settled = on(engine, 'job-settled');
await april.start();
await settled.next();
await april.stop();
const { type, input } = await april.showJob(id);
console.log('stored as', type, input);

const newer = await april.enqueue(inApril, { to: ['bob@example.org'] });
const old = await createHumdrum({ database, jobs: [inMarch], onEvent });
engine.on('types-unknown', ({ types }) => console.log('left alone by the old program:', types));
const unknown = once(engine, 'types-unknown');
await old.start();
await unknown;
console.log((await old.why(newer.id)).why);
await old.stop();
await database.close();

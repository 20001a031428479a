import { PGlite } from '@electric-sql/pglite';
import { drizzle } from 'drizzle-orm/pglite';
import { pgTable, serial, text } from 'drizzle-orm/pg-core';
import { createHumdrum, defineJob } from 'humdrum';
import { fromDrizzle } from 'humdrum/adapters';
import { openPglite } from 'humdrum/pglite';
import { z } from 'zod';

// The program's own database, by its own library: Drizzle on PGlite here, and just the same on a server.
const pglite = await PGlite.create();
const db = drizzle(pglite);
const orders = pgTable('orders', { id: serial().primaryKey(), item: text().notNull() });
await db.execute('create table orders (id serial primary key, item text not null)');

const sendReceipt = defineJob({
  type: 'shop.send-receipt',
  input: z.object({ order: z.int() }),
  run: (_ctx, { order }) => ({ message: `Receipt for order ${order} sent.` }),
});
const humdrum = await createHumdrum({
  database: await openPglite({ instance: pglite }), // On a server: its URL.
  jobs: [sendReceipt],
});

/** The order and its job are there together, or not at all. @param {string} item @param {boolean} inStock */
const place = (item, inStock) =>
  db.transaction(async (tx) => {
    const [order] = await tx.insert(orders).values({ item }).returning();
    if (!order) throw new Error('The insert returned no row.');
    const receipt = { type: sendReceipt, input: { order: order.id } };
    await humdrum.enqueueWithin(fromDrizzle(tx), [receipt]);
    if (!inStock) throw new Error(`${item} is sold out`);
  });

await place('kettle', false).catch((/** @type {unknown} */ error) => console.log(String(error)));
console.log('orders:', (await db.select().from(orders)).length);
console.log('jobs:', (await humdrum.listJobs()).length);

await place('teapot', true);
console.log('orders:', (await db.select().from(orders)).length);
const { ran } = await humdrum.drain();
for (const { type, status, result } of ran) console.log(type, status, result);

await humdrum.close();
await pglite.close();

import type { PGlite } from '@electric-sql/pglite';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite';
import { drizzle as drizzlePostgresJs } from 'drizzle-orm/postgres-js';
import knexModule from 'knex';
import { Kysely, PostgresDialect, sql as kyselySql } from 'kysely';
import { Pool } from 'pg';
import postgres from 'postgres';
import { DataSource } from 'typeorm';
import {
  fromDrizzle,
  fromKnex,
  fromKysely,
  fromPg,
  fromPglite,
  fromPrisma,
  fromTypeOrm,
} from '../../src/adapters/index.ts';
import type { Queryable } from '../../src/index.ts';
import { openPrisma, type PrismaTransactionClient } from './prisma-client.ts';

/** A library with a connection of its own, and how a program would use it. */
export interface Library {
  /** Runs `work` in a transaction of the library, which is rolled back when it throws. */
  within(
    work: (client: Queryable, note: (word: string) => Promise<unknown>) => Promise<void>,
  ): Promise<void>;
  /** What the adapter makes of the library outside of a transaction. */
  outside(): unknown;
  close(): Promise<unknown>;
}

const NOTE = 'insert into witness (word) values';

export const ON_A_SERVER: Record<string, (url: string) => Promise<Library>> = {
  pg: async (url) => {
    const pool = new Pool({ connectionString: url });
    const client = await pool.connect();
    return {
      within: async (work) => {
        await client.query('begin');
        try {
          await work(fromPg(client), (word) => client.query(`${NOTE} ($1)`, [word]));
          await client.query('commit');
        } catch (error) {
          await client.query('rollback');
          throw error;
        }
      },
      outside: () => fromPg(client),
      close: async () => {
        client.release();
        await pool.end();
      },
    };
  },

  drizzle: async (url) => {
    const pool = new Pool({ connectionString: url });
    const db = drizzle(pool);
    return {
      within: (work) =>
        db.transaction((tx) =>
          work(fromDrizzle(tx), async (word) =>
            tx.execute(sql`insert into witness values (${word})`),
          ),
        ),
      outside: () => fromDrizzle(db as never),
      close: () => pool.end(),
    };
  },

  'drizzle on postgres.js': async (url) => {
    const client = postgres(url, { onnotice: () => undefined });
    const db = drizzlePostgresJs(client);
    return {
      within: (work) =>
        db.transaction((tx) =>
          work(fromDrizzle(tx), async (word) =>
            tx.execute(sql`insert into witness values (${word})`),
          ),
        ),
      outside: () => fromDrizzle(db as never),
      close: () => client.end(),
    };
  },

  kysely: async (url) => {
    const db = new Kysely<{ witness: { word: string } }>({
      dialect: new PostgresDialect({ pool: new Pool({ connectionString: url }) }),
    });
    return {
      within: (work) =>
        db
          .transaction()
          .execute((trx) =>
            work(fromKysely(trx), (word) =>
              kyselySql`insert into witness values (${word})`.execute(trx),
            ),
          ),
      outside: () => fromKysely(db as never),
      close: () => db.destroy(),
    };
  },

  knex: async (url) => {
    const knex = knexModule({ client: 'pg', connection: url });
    return {
      within: (work) =>
        knex.transaction((trx) =>
          work(fromKnex(trx), async (word) => trx('witness').insert({ word })),
        ),
      outside: () => fromKnex(knex as never),
      close: () => knex.destroy(),
    };
  },

  prisma: async (url) => {
    const prisma = openPrisma(url);
    return {
      within: (work) =>
        prisma.$transaction((tx: PrismaTransactionClient) =>
          work(fromPrisma(tx), async (word) => tx.$executeRawUnsafe(`${NOTE} ($1)`, word)),
        ),
      outside: () => fromPrisma(prisma as never),
      close: () => prisma.$disconnect(),
    };
  },

  typeorm: async (url) => {
    const source = await new DataSource({ type: 'postgres', url }).initialize();
    return {
      within: (work) =>
        source.transaction((manager) =>
          work(fromTypeOrm(manager), (word) => manager.query(`${NOTE} ($1)`, [word])),
        ),
      outside: () => fromTypeOrm(source.manager),
      close: () => source.destroy(),
    };
  },
};

export const EMBEDDED: Record<string, (pglite: PGlite) => Library> = {
  pglite: (pglite) => ({
    within: (work) =>
      pglite.transaction((tx) => work(fromPglite(tx), (word) => tx.query(`${NOTE} ($1)`, [word]))),
    outside: () => fromPglite(pglite as never),
    close: async () => undefined,
  }),

  drizzle: (pglite) => {
    const db = drizzlePglite(pglite);
    return {
      within: (work) =>
        db.transaction((tx) =>
          work(fromDrizzle(tx), async (word) =>
            tx.execute(sql`insert into witness values (${word})`),
          ),
        ),
      outside: () => fromDrizzle(db as never),
      close: async () => undefined,
    };
  },
};

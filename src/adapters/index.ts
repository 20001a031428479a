export { fromDrizzle, type DrizzleTransaction } from './drizzle.ts';
export { fromKnex, type KnexTransaction } from './knex.ts';
export { fromKysely, type KyselyTransaction } from './kysely.ts';
export { fromPg, type PgClient } from './pg.ts';
export { fromPglite, type PgliteTransaction } from './pglite.ts';
export { fromPrisma, type PrismaTransaction } from './prisma.ts';
export { fromTypeOrm, type TypeOrmManager } from './typeorm.ts';

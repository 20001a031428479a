import type { Database } from '../../database/database.ts';

const HOT_TABLES = [
  'ready',
  'later',
  'parked',
  'lease',
  'failed',
  'slot',
  'bucket',
  'wake_call',
  'unique_key',
  'awaited',
  'worker',
  'schedule',
  'statistic',
  'job_block',
  'roll_up',
  'roll_up_gap',
].map((name) => `humdrum.${name}`);
const AUDIT_INDEXES = ['audit_job_id', 'audit_at', 'audit_ids'];

/** For the embedded database, which has no autovacuum. Cheap: the hot tables are small. */
export async function vacuum(db: Database): Promise<void> {
  await db.query(`vacuum (analyze) ${HOT_TABLES.join(', ')}`);
  for (const index of AUDIT_INDEXES) {
    await db.query(`select brin_summarize_new_values('humdrum.${index}')`);
  }
}

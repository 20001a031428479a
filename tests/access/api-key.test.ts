import { expect, it } from 'vitest';
import { createKey, listKeys, ownerOfKey, revokeKey } from '../../src/access/api-key.ts';
import { verifyAudit, storedAudit } from '../../src/engine/audit/verify.ts';
import { sealLog } from '../../src/engine/audit/seal-log.ts';
import { anyBackend } from '../support/databases.ts';
import { stopClockAt } from '../support/engine.ts';
import { dump } from '../support/dump.ts';
import { eventsOf } from './support.ts';

const ADA = { actor: 'cli:ada' };

anyBackend('API keys', (fresh) => {
  it('lets in whoever has the key, and stores none of its secret', async () => {
    const db = await fresh();
    const { key, secret } = await createKey(db, { name: 'Deploy', role: 'operator' }, ADA);
    expect(secret).toMatch(/^hd_[0-9a-f]{12}_[\w-]{43}$/);
    expect(secret).toContain(key.id);
    expect(await ownerOfKey(db, secret)).toEqual({
      name: 'deploy',
      role: 'operator',
      scopes: null,
    });
    expect(await dump(db)).not.toContain(secret.slice(-43));
    const { secret: other } = await createKey(db, { name: 'other', role: 'viewer' }, ADA);
    expect(other.slice(-43)).not.toBe(secret.slice(-43));
  });

  it('lets nobody in with anything else', async () => {
    const db = await fresh();
    const { secret } = await createKey(db, { name: 'deploy', role: 'admin' }, ADA);
    const others = [
      secret.slice(0, -1) + (secret.endsWith('A') ? 'B' : 'A'),
      secret.replace(/^hd_.{12}/, 'hd_000000000000'),
      secret.slice(0, -1),
      `${secret}A`,
      secret.slice(0, 16),
      '',
    ];
    for (const other of others) expect(await ownerOfKey(db, other), other).toBeNull();
  });

  it('lets nobody in when it has expired, or is revoked', async () => {
    const db = await fresh();
    const moveTo = await stopClockAt(db, '2026-01-31T09:00:00Z');
    const expiresAt = new Date('2026-01-31T10:00:00Z');
    const short = await createKey(db, { name: 'short', role: 'viewer', expiresAt }, ADA);
    const long = await createKey(db, { name: 'long', role: 'viewer' }, ADA);
    await moveTo('2026-01-31T09:59:59Z');
    expect(await ownerOfKey(db, short.secret)).toMatchObject({ name: 'short' });
    await moveTo('2026-01-31T10:00:00Z');
    expect(await ownerOfKey(db, short.secret)).toBeNull();
    expect(await ownerOfKey(db, long.secret)).toMatchObject({ name: 'long' });
    await revokeKey(db, long.key.id, { ...ADA, reason: 'it leaked' });
    expect(await ownerOfKey(db, long.secret)).toBeNull();
    await expect(
      createKey(db, { name: 'late', role: 'viewer', expiresAt }, ADA),
    ).rejects.toMatchObject({ code: 'input-invalid' });
    expect((await listKeys(db)).map(({ name }) => name).toSorted()).toEqual(['long', 'short']);
  });

  it('remembers when it was last used, to the minute', async () => {
    const db = await fresh();
    const moveTo = await stopClockAt(db, '2026-01-31T09:00:00Z');
    const { secret } = await createKey(db, { name: 'deploy', role: 'viewer' }, ADA);
    const used = async () => (await listKeys(db))[0]?.lastUsedAt?.toISOString() ?? null;
    expect(await used()).toBeNull();
    await ownerOfKey(db, secret);
    expect(await used()).toBe('2026-01-31T09:00:00.000Z');
    await moveTo('2026-01-31T09:01:00Z');
    await ownerOfKey(db, secret);
    expect(await used()).toBe('2026-01-31T09:00:00.000Z');
    await moveTo('2026-01-31T09:01:01Z');
    await ownerOfKey(db, secret);
    expect(await used()).toBe('2026-01-31T09:01:01.000Z');
  });

  it('has a name of its own while it is good', async () => {
    const db = await fresh();
    const { key } = await createKey(db, { name: 'deploy', role: 'viewer' }, ADA);
    const again = () => createKey(db, { name: 'DEPLOY', role: 'admin' }, ADA);
    await expect(again()).rejects.toMatchObject({ code: 'name-taken' });
    await revokeKey(db, key.id, ADA);
    await again();
    await expect(revokeKey(db, key.id, ADA)).rejects.toMatchObject({ code: 'action-refused' });
    await expect(revokeKey(db, 'nothing', ADA)).rejects.toMatchObject({ code: 'not-found' });
    await expect(createKey(db, { name: 'two words', role: 'viewer' }, ADA)).rejects.toMatchObject({
      code: 'input-invalid',
    });
  });

  it('is limited to scopes that there are, each once', async () => {
    const db = await fresh();
    const make = (scopes: string[]) => createKey(db, { name: 'ci', role: 'operator', scopes }, ADA);
    await expect(make(['job:read'])).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringMatching(
        /^There is no scope "job:read"\. Did you mean "jobs:read"\? A scope is one of jobs, types, .*, followed by :read or :write\.$/,
      ) as string,
    });
    await expect(make([])).rejects.toMatchObject({ code: 'input-invalid' });
    const { key, secret } = await make(['queues:write', 'jobs:read', 'queues:write']);
    expect(key.scopes).toEqual(['jobs:read', 'queues:write']);
    expect(await ownerOfKey(db, secret)).toMatchObject({ scopes: ['jobs:read', 'queues:write'] });
    expect((await listKeys(db)).map(({ scopes }) => scopes)).toEqual([key.scopes]);
    expect(await eventsOf(db)).toMatchObject([
      { reason: `key ci (${key.id}), operator for jobs:read queues:write` },
    ]);
    for (const scopes of ["'{}'", "'{jobs:read,NULL}'", "'{jobs}'", "'{jobs:read queues}'"]) {
      const change = db.query(`update humdrum.api_key set scopes = ${scopes}`);
      await expect(change, scopes).rejects.toThrow(/check constraint/);
    }
  });

  it('is audited with who made and revoked it and why, under seals that hold', async () => {
    const db = await fresh();
    const { key } = await createKey(
      db,
      { name: 'deploy', role: 'operator', expiresAt: new Date('2999-01-01T00:00:00Z') },
      { actor: 'user:ada from 203.0.113.7', reason: 'for the pipeline' },
    );
    await revokeKey(db, key.id, { actor: 'user:bob from 203.0.113.8' });
    expect(await eventsOf(db)).toEqual([
      {
        event: 'granted',
        actor: 'user:ada from 203.0.113.7',
        reason: `key deploy (${key.id}), operator until 2999-01-01T00:00:00.000Z: for the pipeline`,
      },
      { event: 'revoked', actor: 'user:bob from 203.0.113.8', reason: `key deploy (${key.id})` },
    ]);
    await sealLog(db);
    expect(await verifyAudit(storedAudit(db), {})).toMatchObject({ fault: null, rows: 2 });
  });
});

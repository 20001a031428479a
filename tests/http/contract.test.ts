import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { endpoints } from '../../src/http/contract/index.ts';
import { STATUS_OF } from '../../src/http/status-of.ts';
import { routes } from '../../src/http/routes/index.ts';

const names = endpoints.map(({ name }) => name);

describe('the contract', () => {
  it('has one route for each endpoint, and no other', () => {
    const routed = routes.map(({ endpoint }) => endpoint.name);
    expect(routed.toSorted()).toEqual(names.toSorted());
  });

  it('gives each endpoint a name and a place of its own', () => {
    const places = endpoints.map(({ method, path }) => `${method} ${path}`);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(places).size).toBe(places.length);
  });

  it.each(endpoints.map((endpoint) => [endpoint.name, endpoint] as const))(
    '%s names what stands in its path, and refuses with a status of its own',
    (_name, { path, params, refuses }) => {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(Object.keys(params.shape)).toEqual(inPath);
      for (const code of refuses) expect(STATUS_OF[code], code).toBeDefined();
    },
  );

  it.each(
    endpoints.flatMap(({ name, body, query }) => [
      // Its body is the input of a job: the type's schema says what that takes.
      ...(body && name !== 'triggerJob' ? [[`the body of ${name}`, body] as const] : []),
      [`the query of ${name}`, query] as const,
    ]),
  )('%s takes no field that it does not know', (_what, schema) => {
    const { error } = z.safeDecode<z.ZodType>(schema, { nosuch: '1' });
    const unknown = error?.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys' ? issue.keys : [],
    );
    expect(unknown).toEqual(['nosuch']);
  });

  it('changes nothing by GET', () => {
    const acting = endpoints.filter(({ role }) => role !== 'viewer' && role !== 'anyone');
    expect(acting.filter(({ method, body }) => method === 'GET' && body !== null)).toEqual([]);
  });
});

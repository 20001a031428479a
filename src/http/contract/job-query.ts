import { z } from 'zod';
import { renamedFilter } from '../../engine/search/job-query.ts';
import { HumdrumError } from '../../errors.ts';
import { id, idText, instant, several, status, text } from './values.ts';

/**
 * Which jobs, for lists and bulk acts alike. A job must match every filter; where a filter has several values, any of
 * them. Times include their beginning and exclude their end.
 */
const filters = {
  status: several(status).optional(),
  type: several(text(200)).optional(),
  queue: several(text(200)).optional(),
  errorClass: text(200).optional(),
  error: text(500)
    .min(1)
    .optional()
    .meta({ description: "Text that the last attempt's error message contains, in any case" }),
  schedule: text(200).optional(),
  createdFrom: instant.optional(),
  createdTo: instant.optional(),
  finishedFrom: instant.optional(),
  finishedTo: instant.optional(),
};

/** Old names of filters get the new one as a hint. */
const error = (issue: z.core.$ZodRawIssue): string | undefined => {
  if (issue.code !== 'unrecognized_keys') return undefined;
  const [name = ''] = issue.keys;
  const meant = renamedFilter(name);
  return meant === null ? undefined : `There is no "${name}" here. Did you mean "${meant}"?`;
};

const contents = z.record(z.string(), z.union([text(200), z.number(), z.boolean()]));
const { $schema: _draft, ...shape } = z.toJSONSchema(contents);

/** Zod leaves this name out of what it reads: the query would match more jobs than was asked for. */
const hasNoPrototype = (value: unknown): boolean =>
  typeof value !== 'object' || value === null || !Object.hasOwn(value, '__proto__');

const wantedContents = z
  .unknown()
  .meta(shape)
  .refine(hasNoPrototype, 'must not have the path "__proto__"')
  .pipe(contents)
  .optional()
  .meta({ description: 'Values in the input: `{ "customer.id": 17 }`' });

/** A query in JSON. */
export const jobQuery = z
  .strictObject(
    {
      ids: z.array(id).min(1).max(1_000).optional(),
      attributes: wantedContents,
      ...filters,
    },
    { error },
  )
  .meta({ id: 'JobQuery' });

/** The same query as the parameters of an address. */
export const jobQueryParams = z.strictObject(
  {
    id: several(idText).optional(),
    ...filters,
    attribute: several(
      z.string().regex(/^[^=]+=/s, 'must be a path and a value, such as customer.id=17'),
    )
      .optional()
      .meta({ description: 'A value in the input: `customer.id=17`' }),
  },
  { error },
);

export type JobQueryJson = z.output<typeof jobQuery>;
type JobQueryParams = z.output<typeof jobQueryParams>;

/** Errors: `filter-invalid`. */
export function fromParams({ id: ids, attribute, ...same }: JobQueryParams): JobQueryJson {
  const pairs = attribute?.map((pair) => {
    const at = pair.indexOf('=');
    return [pair.slice(0, at), pair.slice(at + 1)] as const;
  });
  const attributes = pairs && new Map(pairs);
  if (pairs && attributes?.size !== pairs.length) {
    throw new HumdrumError(
      'filter-invalid',
      'Invalid filter: attribute names a path more than once. A job has one value there.',
    );
  }
  return {
    ...same,
    ...(ids && { ids }),
    ...(attributes && { attributes: Object.fromEntries(attributes) }),
  };
}

export function toParams({ ids, attributes, ...same }: JobQueryJson): JobQueryParams {
  const pairs = Object.entries(attributes ?? {}).map(([path, value]) => `${path}=${value}`);
  return { ...same, ...(ids && { id: ids }), ...(pairs.length > 0 && { attribute: pairs }) };
}

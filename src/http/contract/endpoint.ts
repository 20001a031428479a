import { z } from 'zod';
import type { ErrorCode } from '../../errors.ts';
import type { Role } from './role.ts';
import type { Tag } from './scope.ts';

export type Fields = z.ZodObject;

/** One thing that the API does: all that its server, its client and its documentation know of it. */
export interface Endpoint<
  Path extends Fields = Fields,
  Query extends Fields = Fields,
  Body extends z.ZodType | null = z.ZodType | null,
  Answer extends z.ZodType = z.ZodType,
> {
  /** Of the operation, in the documentation and in generated clients. */
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/api/v1`, like `/jobs/{id}`. */
  readonly path: `/${string}`;
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  /** The least role that may. `anyone`: without credentials. */
  readonly role: Role | 'anyone';
  readonly params: Path;
  readonly query: Query;
  /** Null: it takes none. */
  readonly body: Body;
  readonly answer: Answer;
  readonly status: 200 | 201 | 202;
  /** What stands around the answer: `{ success, data }`; or the whole body is the answer; or it is no JSON but of this type. */
  readonly envelope: 'data' | 'whole' | { readonly type: string };
  /** What it may refuse, besides what any endpoint may. */
  readonly refuses: readonly ErrorCode[];
}

type Given<
  Path extends Fields,
  Query extends Fields,
  Body extends z.ZodType | null,
  Answer extends z.ZodType,
> = Pick<
  Endpoint<Path, Query, Body, Answer>,
  'name' | 'method' | 'path' | 'tag' | 'summary' | 'role' | 'answer'
> &
  Partial<
    Pick<
      Endpoint<Path, Query, Body, Answer>,
      'description' | 'params' | 'query' | 'body' | 'status' | 'envelope' | 'refuses'
    >
  >;

const NOTHING = z.strictObject({});

export function endpoint<
  Answer extends z.ZodType,
  Path extends Fields = typeof NOTHING,
  Query extends Fields = typeof NOTHING,
  Body extends z.ZodType | null = null,
>(given: Given<Path, Query, Body, Answer>): Endpoint<Path, Query, Body, Answer> {
  const nothing: { fields: Fields; body: null } = { fields: NOTHING, body: null };
  return {
    params: nothing.fields as Path,
    query: nothing.fields as Query,
    body: nothing.body as Body,
    status: 200,
    envelope: 'data',
    refuses: [],
    ...given,
  };
}

/** What a caller gives: in its own types, not as text. */
export interface Asked<E extends Endpoint> {
  params: z.output<E['params']>;
  query: z.output<E['query']>;
  body: E['body'] extends z.ZodType ? z.output<E['body']> : undefined;
}

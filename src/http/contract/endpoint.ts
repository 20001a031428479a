import { z } from 'zod';
import type { ErrorCode } from '../../errors.ts';
import type { Role } from './role.ts';
import type { Tag } from './scope.ts';

export type Fields = z.ZodObject;

/** The contract of one API operation, shared by the server, the client and the documentation. */
export interface Endpoint<
  Path extends Fields = Fields,
  Query extends Fields = Fields,
  Body extends z.ZodType | null = z.ZodType | null,
  Answer extends z.ZodType = z.ZodType,
> {
  /** Operation id in the documentation and in generated clients. */
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Relative to `/api/v1`, such as `/jobs/{id}`. */
  readonly path: `/${string}`;
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  /** The minimum role. `anyone`: no credentials needed. */
  readonly role: Role | 'anyone';
  readonly params: Path;
  readonly query: Query;
  /** Null: no body. */
  readonly body: Body;
  readonly answer: Answer;
  readonly status: 200 | 201 | 202;
  /** How the answer is wrapped: `data` in `{ success, data }`, `whole` as the whole JSON body, or not JSON but this media type. */
  readonly envelope: 'data' | 'whole' | { readonly type: string };
  /** Error codes specific to this endpoint. */
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

/** The arguments of a call, decoded from their wire format. */
export interface Asked<E extends Endpoint> {
  params: z.output<E['params']>;
  query: z.output<E['query']>;
  body: E['body'] extends z.ZodType ? z.output<E['body']> : undefined;
}

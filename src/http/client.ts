import { z } from 'zod';
import { errorMessage, HumdrumError, type ErrorCode } from '../errors.ts';
import type { Asked, Endpoint } from './contract/endpoint.ts';
import { sendAs } from './refused-value.ts';

export interface ClientOptions {
  /** Where the API is: `http://127.0.0.1:3001/api/v1`. */
  base: string;
  /** A key, where one is needed. */
  key?: string;
  /** How to get there. Default: over the network. An app's own `fetch` stays in the process. */
  fetch?: (request: Request) => Response | Promise<Response>;
}

type Given<E extends Endpoint> = Partial<Asked<E>> & {
  signal?: AbortSignal;
  headers?: Record<string, string>;
};

/** Calls the API by its contract: values in, values out. */
export class Client {
  readonly #options: Required<Pick<ClientOptions, 'base' | 'fetch'>> & ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = { fetch: (request) => fetch(request), ...options };
  }

  /** Errors: what the endpoint refuses, `request-invalid` for what it does not take, and `server-unreachable`. */
  async call<E extends Endpoint>(
    endpoint: E,
    given: Given<E> = {},
  ): Promise<z.output<E['answer']>> {
    const response = await this.open(endpoint, given);
    const body = await jsonOf(response);
    const said = endpoint.envelope === 'whole' ? body : (body as { data: unknown }).data;
    return readAnswer(endpoint, said);
  }

  /** The answer as it comes: for files and lines. Errors: as `call`. */
  async open<E extends Endpoint>(endpoint: E, given: Given<E> = {}): Promise<Response> {
    const { base, key, fetch: send } = this.#options;
    const { params = {}, query = {}, body, signal, headers: more } = given;
    const url = `${base}${pathOf(endpoint, params)}${searchOf(sendAs(endpoint.query, query, 'The query') as Sent)}`;
    const headers = {
      ...more,
      ...(key && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const request = new Request(url, {
      method: endpoint.method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(encodeBody(endpoint, body)) }),
      ...(signal && { signal }),
    });
    const response = await reach(send, request);
    if (!response.ok) throw await refusalOf(response);
    return response;
  }
}

const encodeBody = ({ body: schema }: Endpoint, body: unknown): unknown =>
  schema === null ? body : sendAs(schema, body, 'The body');

function pathOf({ path, params: schema }: Endpoint, params: Record<string, unknown>): string {
  const encoded = sendAs(schema, params, 'The path') as Record<string, unknown>;
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(encoded[name])),
  );
}

/** A query as it goes over the wire. */
type Sent = Record<string, string | string[] | undefined>;

function searchOf(query: Sent): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().flatMap((one): [string, string][] => (one === undefined ? [] : [[name, one]])),
  );
  return pairs.length > 0 ? `?${new URLSearchParams(pairs).toString()}` : '';
}

async function reach(send: Required<ClientOptions>['fetch'], request: Request): Promise<Response> {
  try {
    return await send(request);
  } catch (cause) {
    const { origin } = new URL(request.url);
    const why = cause instanceof Error && cause.cause ? cause.cause : cause;
    throw new HumdrumError(
      'server-unreachable',
      `No server answers at ${origin}: ${errorMessage(why)}. Is it running, and is the address right?`,
      { cause },
    );
  }
}

async function refusalOf(response: Response): Promise<HumdrumError> {
  const { error } = (await jsonOf(response)) as { error?: { code: ErrorCode; message: string } };
  if (error) return new HumdrumError(error.code, error.message);
  return notOurs(response);
}

/** Errors: `server-unreachable` where something else answers in its place. */
async function jsonOf(response: Response): Promise<object> {
  const body: unknown = await response.json().catch(() => null);
  if (typeof body === 'object' && body !== null && 'success' in body) return body;
  throw notOurs(response);
}

/** Errors: `server-unreachable` where it is not what the contract says. */
function readAnswer<E extends Endpoint>({ answer, name }: E, said: unknown): z.output<E['answer']> {
  const result = z.safeDecode<z.ZodType>(answer, said);
  if (result.success) return result.data as z.output<E['answer']>;
  throw new HumdrumError(
    'server-unreachable',
    `The server answers otherwise than this version of humdrum understands (${name}). Is it of another version?`,
    { cause: result.error },
  );
}

function notOurs({ url, status }: Response): HumdrumError {
  return new HumdrumError(
    'server-unreachable',
    `What answers at ${url} with ${status} is no Humdrum server. Is the address right?`,
  );
}

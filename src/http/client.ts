import { z } from 'zod';
import { errorMessage, HumdrumError, type ErrorCode } from '../errors.ts';
import type { Asked, Endpoint } from './contract/endpoint.ts';
import { sendAs } from './refused-value.ts';

export interface ClientOptions {
  /** URL of the API, such as `http://127.0.0.1:3001/api/v1`. */
  base: string;
  /** An API key, if the server requires one. */
  key?: string;
  /** Sends a request. Default: over the network. Pass an app's own `fetch` to call it in-process. */
  fetch?: (request: Request) => Response | Promise<Response>;
}

type Given<E extends Endpoint> = Partial<Asked<E>> & {
  signal?: AbortSignal;
  headers?: Record<string, string>;
};

/** A typed client of the API. Converts values to and from their wire format. */
export class Client {
  readonly #options: Required<Pick<ClientOptions, 'base' | 'fetch'>> & ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = { fetch: (request) => fetch(request), ...options };
  }

  /** Errors: those of the endpoint, `request-invalid` for invalid arguments, and `server-unreachable`. */
  async call<E extends Endpoint>(
    endpoint: E,
    given: Given<E> = {},
  ): Promise<z.output<E['answer']>> {
    const response = await this.open(endpoint, given);
    const body = await jsonOf(response);
    const answer = endpoint.envelope === 'whole' ? body : (body as { data: unknown }).data;
    return readAnswer(endpoint, answer);
  }

  /** Returns the raw response, for files and streams. Errors: as `call`. */
  async open<E extends Endpoint>(endpoint: E, given: Given<E> = {}): Promise<Response> {
    const { base, key, fetch: send } = this.#options;
    const { params = {}, query = {}, body, signal, headers: more } = given;
    const url = `${base}${pathOf(endpoint, params)}${searchOf(sendAs(endpoint.query, query, 'query') as Sent)}`;
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
  schema === null ? body : sendAs(schema, body, 'body');

function pathOf({ path, params: schema }: Endpoint, params: Record<string, unknown>): string {
  const encoded = sendAs(schema, params, 'path') as Record<string, unknown>;
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(encoded[name])),
  );
}

/** A query in its wire format. */
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
      `Cannot reach a server at ${origin}: ${errorMessage(why)}. Check that it is running and that the address is right.`,
      { cause },
    );
  }
}

async function refusalOf(response: Response): Promise<HumdrumError> {
  const { error } = (await jsonOf(response)) as { error?: { code: ErrorCode; message: string } };
  if (error) return new HumdrumError(error.code, error.message);
  return notOurs(response);
}

/** Errors: `server-unreachable` if the response is not from a Humdrum server. */
async function jsonOf(response: Response): Promise<object> {
  const body: unknown = await response.json().catch(() => null);
  if (typeof body === 'object' && body !== null && 'success' in body) return body;
  throw notOurs(response);
}

/** Errors: `server-unreachable` if the answer does not match the contract. */
function readAnswer<E extends Endpoint>(
  { answer, name }: E,
  value: unknown,
): z.output<E['answer']> {
  const result = z.safeDecode<z.ZodType>(answer, value);
  if (result.success) return result.data as z.output<E['answer']>;
  throw new HumdrumError(
    'server-unreachable',
    `This version of humdrum does not understand the server's answer (${name}). Check that both have the same version.`,
    { cause: result.error },
  );
}

function notOurs({ url, status }: Response): HumdrumError {
  return new HumdrumError(
    'server-unreachable',
    `The response from ${url} (status ${status}) is not from a Humdrum server. Check the address.`,
  );
}

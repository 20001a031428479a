import { z } from 'zod';
import { HumdrumError } from '../errors.ts';
import { Client } from '../http/client.ts';
import type { Asked, Endpoint } from '../http/contract/endpoint.ts';

type Given<E extends Endpoint> = Partial<Asked<E>> & { signal?: AbortSignal };

/** The API's client, in the words of the command line: what does not fit the contract is no crash. */
export class ApiClient extends Client {
  /** Errors: as `Client`, and `request-invalid` for what the contract does not take. */
  override async open<E extends Endpoint>(endpoint: E, given: Given<E> = {}): Promise<Response> {
    try {
      return await super.open(endpoint, given);
    } catch (error) {
      if (!(error instanceof z.ZodError)) throw error;
      const [issue] = error.issues;
      throw new HumdrumError(
        'request-invalid',
        `${issue?.path.join('.') || 'That'} cannot be taken: ${issue?.message ?? 'it is wrong'}.`,
        { cause: error },
      );
    }
  }

  override async call<E extends Endpoint>(
    endpoint: E,
    given: Given<E> = {},
  ): Promise<z.output<E['answer']>> {
    try {
      return await super.call(endpoint, given);
    } catch (error) {
      if (!(error instanceof z.ZodError)) throw error;
      throw new HumdrumError(
        'server-unreachable',
        `The server answers otherwise than this version of humdrum understands (${endpoint.name}). Is it of another version?`,
        { cause: error },
      );
    }
  }
}

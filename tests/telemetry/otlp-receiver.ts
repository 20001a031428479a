import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A span as it comes over OTLP/HTTP in JSON, with its attributes as an object. */
export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  /** 4: producer, 5: consumer. */
  kind: number;
  attributes: Record<string, unknown>;
  /** 2: error. */
  status: { code: number; message?: string };
  events: { name: string; attributes: Record<string, unknown> }[];
  links: { traceId: string; spanId: string }[];
}

interface KeyValue {
  key: string;
  value: Record<string, unknown>;
}

type Raw<T> = Omit<T, 'attributes' | 'events'> & { attributes: KeyValue[] };

interface Body {
  resourceSpans: {
    scopeSpans: {
      spans: (Raw<ReceivedSpan> & { events: Raw<ReceivedSpan['events'][number]>[] })[];
    }[];
  }[];
}

/** A real endpoint for traces, which keeps what comes. */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  url = '';
  #wake: () => void = () => undefined;

  static async listen(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    const server = createServer((request, response) => {
      void read(request).then((body) => {
        receiver.#take(JSON.parse(body) as Body);
        response.setHeader('content-type', 'application/json').end('{}');
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`;
    return receiver;
  }

  /** Until so many have come. */
  async received(count: number): Promise<readonly ReceivedSpan[]> {
    while (this.spans.length < count) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.spans;
  }

  named(name: string): ReceivedSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  #take({ resourceSpans }: Body): void {
    for (const { scopeSpans } of resourceSpans) {
      for (const { spans } of scopeSpans) {
        for (const span of spans) {
          const events = span.events.map((event) => ({
            ...event,
            attributes: objectOf(event.attributes),
          }));
          this.spans.push({ ...span, events, attributes: objectOf(span.attributes) });
        }
      }
    }
    this.#wake();
  }
}

function objectOf(attributes: KeyValue[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

import { expect, it, vi } from 'vitest';
import type { EngineEvent } from '../../src/index.ts';
import { withFewerTroubles } from '../../src/engine/ports/troubles.ts';

const trouble = (doing: string, message: string): EngineEvent => ({
  event: 'trouble',
  doing,
  error: new Error(message),
});

it('troubles that are alike are told once in five seconds, and counted', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const heard: string[] = [];
  const tell = withFewerTroubles((event) => {
    heard.push(
      event.event === 'trouble'
        ? `${event.doing}: ${String(event.error)} ${event.repeated ?? 0}`
        : event.event,
    );
  });
  for (let times = 0; times < 100; times += 1) tell(trouble('claiming', 'no connection'));
  tell(trouble('settling', 'no connection'));
  tell(trouble('claiming', 'read-only'));
  tell({ event: 'lease-lost', workerId: 1 });
  vi.advanceTimersByTime(5_000);
  tell(trouble('claiming', 'no connection'));
  vi.useRealTimers();
  expect(heard).toEqual([
    'claiming: Error: no connection 0',
    'settling: Error: no connection 0',
    'claiming: Error: read-only 0',
    'lease-lost',
    'claiming: Error: no connection 99',
  ]);
});

it('a trouble whose error cannot be read is told', () => {
  const heard: EngineEvent[] = [];
  const tell = withFewerTroubles((event) => heard.push(event));
  const error = Object.defineProperty({}, 'message', {
    get() {
      throw new Error('no');
    },
  });
  tell({ event: 'trouble', doing: 'running x', error });
  expect(heard).toHaveLength(1);
});

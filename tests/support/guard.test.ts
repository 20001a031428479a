import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';

const PROGRAM = new URL('host/two-children.js', import.meta.url).pathname;

const ENDS: Record<string, (program: ChildProcess) => unknown> = {
  'is killed': (program) => program.kill('SIGKILL'),
  'has lost its parent': (program) => program.disconnect(),
};

it.skipIf(process.platform !== 'linux').each(Object.keys(ENDS))(
  'processes that a test has started, and theirs, end when its process %s',
  async (how) => {
    const program = fork(PROGRAM, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    const ended = once(program, 'exit');
    await once(program.stdout ?? program, 'data');
    // Closes when the last process that holds it is gone.
    const allGone = once(program.stdout ?? program, 'close');
    ENDS[how]?.(program);
    await ended;
    await allGone;
    expect(program.exitCode ?? program.signalCode).toBe(how === 'is killed' ? 'SIGKILL' : 1);
  },
);

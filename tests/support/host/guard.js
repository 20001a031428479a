// What a test has started must not outlive the process that runs the test, whatever ends that: kill -9 gives no time to tidy up.
// Everything started from here on inherits a mark in its environment. A shell of its own waits for our end of a pipe to close
// and then kills whatever bears the mark, in rounds, for what is about to die may just have started another. Programs that
// get a clean environment, as the servers do, have keepers of their own. Reads /proc: on other systems only what has a pipe
// or a channel to us ends with us.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { Socket } from 'node:net';

const MARK = 'HUMDRUM_TEST_OWNER';

const KEEPER = `
read -r _
while
  marked=$(grep -lsz "^$0$" /proc/[0-9]*/environ)
  [ -n "$marked" ]
do
  for file in $marked; do
    pid=\${file#/proc/}
    kill -KILL "\${pid%/environ}" 2>/dev/null
  done
done
`;

/** Once in a process, before it starts others. */
export function guardChildren() {
  const owner = `${process.pid}-`;
  if (process.env[MARK]?.startsWith(owner)) return;
  const { [MARK]: _outer, ...env } = process.env;
  process.env[MARK] = `${owner}${randomUUID()}`;
  const shell = spawn('/bin/sh', ['-c', KEEPER, `${MARK}=${process.env[MARK]}`], {
    env,
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Neither keeps us going.
  shell.unref();
  if (shell.stdin instanceof Socket) shell.stdin.unref();
  // The main process is gone: nobody hears of the tests any more.
  process.on('disconnect', () => process.exit(1));
}

import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { findProgram } from './programs.ts';

/** A network namespace with one virtual link to this process. */
export interface Namespace {
  /** Command prefix that runs a program in the namespace. */
  readonly through: readonly string[];
  /** Address of our end of the link. */
  readonly address: string;
  /** Takes the link down silently. Packets are lost. */
  cut(): Promise<void>;
  join(): Promise<void>;
}

/** Why namespaces are not available, or null. */
export function noNamespaces(): string | null {
  if (findProgram('ip') === null) return 'needs the program ip';
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only as root on Linux';
  const probe = `humdrum-probe-${process.pid}`;
  try {
    execFileSync('ip', ['netns', 'add', probe], { stdio: 'ignore' });
    execFileSync('ip', ['netns', 'del', probe], { stdio: 'ignore' });
    return null;
  } catch {
    return 'ip netns does not work here';
  }
}

/** When this process ends, even by kill -9, the pipe closes and the shell removes the namespaces with their links. */
const KEEPER = `read -r _; for name in "$@"; do ip netns del "$name"; done`;

export async function addNamespaces(count: number): Promise<Namespace[]> {
  const names = Array.from({ length: count }, (_, at) => `humdrum-${process.pid}-${at}`);
  const keeper = spawn('/bin/sh', ['-c', KEEPER, 'humdrum-net', ...names], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  onTestFinished(async () => {
    const closed = once(keeper, 'close');
    keeper.stdin.end();
    await closed;
  });
  return Promise.all(names.map(addNamespace));
}

const run = promisify(execFile);

async function addNamespace(name: string, at: number): Promise<Namespace> {
  const ip = (command: string) => run('ip', command.split(' '));
  const [ours, theirs] = [`hd${process.pid}o${at}`, `hd${process.pid}t${at}`];
  const subnet = `10.213.${process.pid % 256}`;
  const address = `${subnet}.${4 * at + 1}`;
  await ip(`netns add ${name}`);
  await ip(`link add ${ours} type veth peer name ${theirs} netns ${name}`);
  await ip(`addr add ${address}/30 dev ${ours}`);
  await ip(`link set ${ours} up`);
  await ip(`-n ${name} addr add ${subnet}.${4 * at + 2}/30 dev ${theirs}`);
  await ip(`-n ${name} link set ${theirs} up`);
  return {
    through: ['ip', 'netns', 'exec', name],
    address,
    cut: async () => void (await ip(`link set ${ours} down`)),
    join: async () => void (await ip(`link set ${ours} up`)),
  };
}

// Runs command lines one after another, each as if in its own process. Saves tests the loading of the modules, which takes longer
// than most commands. hosts.ts starts it and sends it orders.
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CONFIG_FILES } from '../../../dist/cli/config.js';
import { runCommandLine } from '../../../dist/cli/run-command-line.js';

const MAIN = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const HOME = process.cwd();
/** How long to wait after a command has finished for handles that close by themselves, such as sockets closed by the peer. */
const PATIENCE_MS = 30_000;
/** Exit code of a process whose top-level await never settles. */
const NEVER_SETTLED = 13;

/**
 * @typedef {{ args: string[], cwd: string, env: Record<string, string>, mark: string }} Order
 * @typedef {{ code: number } | { fault: string }} Answer
 */

// Commands always find an empty standard input.
Object.defineProperty(process, 'stdin', { get: () => createReadStream('/dev/null') });

process.on('disconnect', () => process.exit());
process.on('message', (order) => void serve(/** @type {Order} */ (order)));

/** @param {Order} order */
async function serve({ args, cwd, env, mark }) {
  const undo = disguise(args, cwd, env);
  const answer = hasChanged(args) ?? (await untilEnded(args));
  undo();
  await Promise.all([write(process.stdout, mark), write(process.stderr, mark)]);
  process.send?.(answer);
}

/**
 * Makes this process look as if it was started with these settings. Returns a function that undoes that.
 *
 * @param {string[]} args
 * @param {string} cwd
 * @param {NodeJS.ProcessEnv} env
 */
function disguise(args, cwd, env) {
  const ours = { argv: process.argv, env: { ...process.env } };
  const forgetSignals = rememberListeners(['SIGINT', 'SIGTERM']);
  process.argv = [process.execPath, MAIN, ...args];
  process.exitCode = undefined;
  process.chdir(cwd);
  setEnvironment(env);
  return () => {
    forgetSignals();
    process.argv = ours.argv;
    process.exitCode = undefined;
    process.chdir(HOME);
    setEnvironment(ours.env);
  };
}

/** @param {NodeJS.ProcessEnv} env */
function setEnvironment(env) {
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
}

/**
 * Returns a function that removes the listeners added since.
 *
 * @param {NodeJS.Signals[]} signals
 */
function rememberListeners(signals) {
  const before = signals.map((signal) => new Set(process.listeners(signal)));
  return () =>
    signals.forEach((signal, at) => {
      const added = process.listeners(signal).filter((listener) => !before[at]?.has(listener));
      for (const listener of added) process.off(signal, listener);
    });
}

/** @type {Map<string, string>} */
const configurations = new Map();

/**
 * A module is loaded once per process, so a configuration that was rewritten since would not be read again.
 *
 * @param {string[]} args
 * @returns {Answer | null}
 */
function hasChanged(args) {
  const flag = args.indexOf('--config');
  const named = flag === -1 ? [] : args.slice(flag + 1, flag + 2);
  for (const path of [...CONFIG_FILES, ...named].map((file) => resolve(file))) {
    if (!existsSync(path)) continue;
    const text = readFileSync(path, 'utf8');
    const before = configurations.get(path) ?? text;
    if (before !== text) return { fault: `${path} was rewritten since it was loaded` };
    configurations.set(path, text);
  }
  return null;
}

/**
 * Waits until a process would end: the command has finished and nothing keeps the event loop alive.
 *
 * @param {string[]} args
 * @returns {Promise<Answer>}
 */
function untilEnded(args) {
  return new Promise((end) => {
    let code = NEVER_SETTLED;
    /** @type {NodeJS.Timeout | undefined} */
    let patience;
    /** @param {Answer} answer */
    const finish = (answer) => {
      process.off('beforeExit', drained);
      process.channel?.ref();
      clearTimeout(patience);
      end(answer);
    };
    const drained = () => finish({ code });
    const linger = () => finish({ fault: `would stay alive for: ${whatIsLeft().join(', ')}` });
    process.on('beforeExit', drained);
    // From here on, waiting for the next order does not keep the event loop alive.
    process.channel?.unref();
    void runCommandLine(args).then((answered) => {
      code = answered;
      if (whatIsLeft().includes('Timeout')) linger();
      else patience = setTimeout(linger, PATIENCE_MS).unref();
    });
  });
}

function whatIsLeft() {
  return process.getActiveResourcesInfo();
}

/**
 * @param {NodeJS.WriteStream} stream
 * @param {string} text
 * @returns {Promise<void>}
 */
function write(stream, text) {
  return new Promise((done) => stream.write(text, () => done()));
}

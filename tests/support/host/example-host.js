// Runs programs one after another in one process, because loading the modules takes longer than most programs, and prints their
// output as one JSON object. Ends by itself unless a program leaves handles open.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const write = process.stdout.write.bind(process.stdout);

/** @type {Record<string, string>} */
const printed = {};

for (const program of process.argv.slice(2)) {
  printed[program] = '';
  process.stdout.write = /** @param {string | Uint8Array} piece */ (piece) => {
    printed[program] += piece.toString();
    return true;
  };
  try {
    await import(pathToFileURL(resolve(program)).href);
  } catch (error) {
    printed[program] += String(/** @type {Error} */ (error).stack);
  }
}
write(JSON.stringify(printed));

import { Argument, Command } from 'commander';
import { candidates, SCRIPTS, type Known } from '../completion.ts';
import { knownWords } from '../known-words.ts';
import { print } from '../output.ts';

type Shell = keyof typeof SCRIPTS;

export function completionCommand(): Command {
  return new Command('completion')
    .description('print a shell script that completes commands, flags, types and queues')
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(SCRIPTS)))
    .addHelpText(
      'after',
      `
bash:  humdrum completion bash > ~/.local/share/bash-completion/completions/humdrum
zsh:   humdrum completion zsh > "\${fpath[1]}/_humdrum"
fish:  humdrum completion fish > ~/.config/fish/completions/humdrum.fish`,
    )
    .action((shell: Shell) => print(SCRIPTS[shell].trimEnd()));
}

/** Called by the completion scripts. Prints nothing on errors, because the user is typing. */
export function completeCommand(createProgram: () => Promise<Command>): Command {
  return new Command('__complete').argument('[words...]').action(async (words: string[]) => {
    const found = await candidates(await createProgram(), words, knownTo(words)).catch(() => []);
    for (const { word, description } of found) print(`${word}\t${description}`);
  });
}

function knownTo(words: readonly string[]): Known {
  const config = words[words.indexOf('--config') + 1];
  const flags = words.includes('--config') && config !== undefined ? { config } : {};
  return async (what) => (await knownWords(flags))[what];
}

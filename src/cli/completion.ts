import type { Argument, Command, Option } from 'commander';

export interface Candidate {
  word: string;
  description: string;
}

/** Looks up words that only the configuration knows. */
export type Known = (what: 'type' | 'queue') => Promise<readonly string[]>;

interface Place {
  command: Command;
  /** The option whose value is next. */
  option: Option | null;
  /** Number of arguments given so far. */
  given: number;
}

/** Completions for the last of these words, which may be empty or partial. */
export async function candidates(
  program: Command,
  words: readonly string[],
  known: Known,
): Promise<Candidate[]> {
  const half = words.at(-1) ?? '';
  const place = placeAfter(program, words.slice(0, -1));
  const all = await possible(place, half, known);
  return all.filter(({ word }) => word.startsWith(half));
}

function placeAfter(program: Command, words: readonly string[]): Place {
  let place: Place = { command: program, option: null, given: 0 };
  for (const word of words) place = step(place, word);
  return place;
}

function step({ command, option, given }: Place, word: string): Place {
  if (word.startsWith('-')) {
    const named = optionsOf(command).find(({ long, short }) => word === long || word === short);
    const takesValue = named !== undefined && (named.required || named.optional);
    return { command, option: takesValue ? named : null, given };
  }
  if (option) return { command, option: option.variadic ? option : null, given };
  const child = command.commands.find((one) => one.name() === word);
  return child ? { command: child, option: null, given: 0 } : { command, option, given: given + 1 };
}

async function possible(
  { command, option, given }: Place,
  half: string,
  known: Known,
): Promise<Candidate[]> {
  if (half.startsWith('-')) {
    return optionsOf(command).map(({ long, description }) => ({ word: long ?? '', description }));
  }
  if (option) return values(option.argChoices, option.attributeName(), known);
  const children = command
    .createHelp()
    .visibleCommands(command)
    .map((child) => ({ word: child.name(), description: child.description() }));
  const argument: Argument | undefined = command.registeredArguments[given];
  return argument ? values(argument.argChoices, argument.name(), known) : children;
}

async function values(
  choices: readonly string[] | undefined,
  name: string,
  known: Known,
): Promise<Candidate[]> {
  const words = choices ?? (name === 'type' || name === 'queue' ? await known(name) : []);
  return words.map((word) => ({ word, description: '' }));
}

/** The command's own options and those of its parent. */
function optionsOf(command: Command): Option[] {
  const own = command.createHelp().visibleOptions(command);
  return command.parent ? [...own, ...command.parent.options] : own;
}

/** The scripts call `humdrum __complete`, which prints a line for each candidate: the word, a tab, and a description. */
export const SCRIPTS = {
  bash: `_humdrum() {
  local IFS=$'\\n'
  COMPREPLY=($(humdrum __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f 1))
}
complete -o default -F _humdrum humdrum
`,
  zsh: `#compdef humdrum
_humdrum() {
  local line
  local -a found
  for line in "\${(@f)$(humdrum __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] && found+=("\${line%%$'\\t'*}:\${line#*$'\\t'}")
  done
  (( $#found )) && _describe humdrum found || _files
}
compdef _humdrum humdrum
`,
  fish: `function __humdrum_complete
  set -l words (commandline -opc) (commandline -ct)
  humdrum __complete -- $words[2..-1] 2>/dev/null
end
complete -c humdrum -f -a '(__humdrum_complete)'
`,
};

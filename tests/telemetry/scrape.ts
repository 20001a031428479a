/** What a scrape says: `name{label="value"}`, with its labels in order, and the value. */
export function samplesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [ordered(line.slice(0, at)), Number(line.slice(at + 1))];
    }),
  );
}

function ordered(series: string): string {
  const [, name = '', labels = ''] = /^(\w+)(?:\{(.*)\})?$/.exec(series) ?? [];
  const sorted = labels.split(',').filter(Boolean).toSorted().join();
  return sorted === '' ? name : `${name}{${sorted}}`;
}

/** The names that it says anything of. */
export function namesIn(text: string): string[] {
  return [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
}

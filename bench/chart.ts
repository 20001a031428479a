import { figure, OURS } from './report.ts';
import { valuesOf, type Results, type ScenarioFacts } from './results.ts';
import { quantile } from './statistics.ts';

const WIDTH = 760;
const NAME_WIDTH = 170;
const VALUE_WIDTH = 90;
const ROW = 22;
const BAR = 14;
const HEAD = 34;
const GAP = 14;

/** Colours readable on white and on black, because the page's theme is unknown: text contrast is at least 4 : 1 on both. */
const STYLE = `text { font: 13px system-ui, sans-serif; fill: #6f7a86 } .title { font-weight: 600 } .ours { font-weight: 600; fill: #2f76e6 } rect { fill: #8a949f } rect.ours { fill: #2f76e6 }`;

/** An SVG bar chart of the first metric of some scenarios. Null if none of them was measured. */
export function chart(results: Results): string | null {
  const panels = results.scenarios
    .filter((scenario) => scenario.chart)
    .map((scenario) => ({
      scenario,
      bars: barsOf(results, scenario),
    }));
  const drawn: string[] = [];
  let top = 0;
  for (const { scenario, bars } of panels) {
    if (bars.length === 0) continue;
    drawn.push(panel(scenario, bars, top));
    top += HEAD + bars.length * ROW + GAP;
  }
  if (drawn.length === 0) return null;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" width="${WIDTH}" height="${top}" role="img">`,
    `<title>Humdrum and its peers, ${results.date}</title>`,
    `<style>${STYLE}</style>`,
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}

interface Bar {
  readonly title: string;
  readonly ours: boolean;
  readonly value: number;
}

function barsOf(results: Results, { name, metrics }: ScenarioFacts): Bar[] {
  const [metric = ''] = Object.keys(metrics);
  return results.systems.flatMap((system) => {
    const values = valuesOf(results, name, system.name, metric);
    if (values.length === 0) return [];
    return [{ title: system.title, ours: system.name === OURS, value: quantile(values, 0.5) }];
  });
}

function panel({ title, metrics }: ScenarioFacts, bars: readonly Bar[], top: number): string {
  const [metric] = Object.values(metrics);
  if (!metric) return '';
  const longest = Math.max(...bars.map(({ value }) => value));
  const room = WIDTH - NAME_WIDTH - VALUE_WIDTH;
  const less = metric.better === 'less' ? ', less is better' : '';
  const rows = bars.flatMap(({ title: name, ours, value }, at) => {
    const y = top + HEAD + at * ROW;
    const width = Math.max(1, Math.round((value / longest) * room));
    const mark = ours ? ' class="ours"' : '';
    const base = y + BAR - 2;
    return [
      `<text x="${NAME_WIDTH - 8}" y="${base}" text-anchor="end"${mark}>${escaped(name)}</text>`,
      `<rect x="${NAME_WIDTH}" y="${y}" width="${width}" height="${BAR}" rx="2"${mark}/>`,
      `<text x="${NAME_WIDTH + width + 6}" y="${base}"${mark}>${figure(value, metric)}</text>`,
    ];
  });
  const head = `<text class="title" x="0" y="${top + 20}">${escaped(`${title}: ${metric.label}${less}`)}</text>`;
  return [head, ...rows].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

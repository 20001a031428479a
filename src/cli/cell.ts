/** Text for people. Numbers get thousands separators. Paint is applied after the text is cut to width. */
export type Cell = string | number | Painted;

export interface Painted {
  readonly text: string;
  readonly paint: (text: string) => string;
}

export function painted(text: string, paint: (text: string) => string): Painted {
  return { text, paint };
}

export function textOf(cell: Cell): string {
  if (typeof cell === 'number') return cell.toLocaleString('en');
  return plain(typeof cell === 'string' ? cell : cell.text);
}

export function paintOf(cell: Cell): (text: string) => string {
  return typeof cell === 'object' ? cell.paint : (text) => text;
}

// Characters that control a terminal, except line feeds and tabs.
// oxlint-disable-next-line no-control-regex -- these are the characters to find
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Escapes untrusted text, so that its control characters are shown instead of interpreted. */
export function plain(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll(CONTROL, (it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const WIDE =
  /^(?:\p{Emoji_Presentation}|\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|[\u3000-\u303f\uff01-\uff60])/u;
// oxlint-disable-next-line no-control-regex -- ASCII, all of it
const ASCII = /^[\u0000-\u007f]*$/;

const widthOfOne = (grapheme: string): number => (WIDE.test(grapheme) ? 2 : 1);

/** Width in terminal columns. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += widthOfOne(segment);
  return width;
}

/** The first line, cut to `width` columns. A cut line ends with "…". */
export function oneLine(text: string, width: number): string {
  const end = text.indexOf('\n');
  const line = end === -1 ? text : text.slice(0, end);
  if (widthOf(line) <= width) return line;
  let taken = '';
  let room = width - 1;
  for (const { segment } of graphemes.segment(line)) {
    room -= widthOfOne(segment);
    if (room < 0) break;
    taken += segment;
  }
  return `${taken}…`;
}

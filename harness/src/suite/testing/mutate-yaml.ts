// Seeded damage to suite files: what an editor, a merge or a cat on the keyboard does to them.

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Mutation = (text: string, random: () => number) => string;

const below = (random: () => number, limit: number): number => Math.floor(random() * Math.max(1, limit));
const pick = <T>(random: () => number, from: readonly T[]): T => from[below(random, from.length)] as T;

function editLine(text: string, random: () => number, edit: (line: string) => string[]): string {
  const lines = text.split('\n');
  const at = below(random, lines.length);
  lines.splice(at, 1, ...edit(lines[at] ?? ''));
  return lines.join('\n');
}

const VALUES = [
  '3',
  'true',
  'null',
  '[]',
  '{}',
  '[1, [2]]',
  '{ a: { b: c } }',
  '-1',
  '1e999',
  '.nan',
  '"',
  "'",
  '|',
  '*gone',
  '&a',
  '!!binary aGk=',
  '!tag x',
  '${x}',
  '${',
  '${env.NOT_SET}',
  '20',
  '5 sec',
  '/(/',
  '<<',
  '@',
  '\t',
];
const KEYS = [
  'within',
  'steps',
  'cases',
  '<<',
  '__proto__',
  'constructor',
  '? [a, b]',
  '""',
  'null',
  '1',
  'metric',
  'log',
  'use',
  'include',
  'blocks',
  'vars',
  'matrix',
  'throughout',
  'during',
];

export const MUTATIONS: Record<string, Mutation> = {
  'a character less': (text, random) => {
    const at = below(random, text.length);
    return text.slice(0, at) + text.slice(at + 1);
  },
  'a character more': (text, random) => {
    const at = below(random, text.length);
    return text.slice(0, at) + pick(random, [...'{}[]:,-#&*!|>\'"%@`$\t\n ']) + text.slice(at);
  },
  'a line less': (text, random) => editLine(text, random, () => []),
  'a line twice': (text, random) => editLine(text, random, (line) => [line, line]),
  'a line indented': (text, random) =>
    editLine(text, random, (line) => [pick(random, ['  ', ' ', '\t', '      ']) + line]),
  'a line outdented': (text, random) => editLine(text, random, (line) => [line.replace(/^ {1,2}/, '')]),
  'cut off': (text, random) => text.slice(0, below(random, text.length)),
  'another value': (text, random) =>
    editLine(text, random, (line) => [line.replace(/: .*$/, `: ${pick(random, VALUES)}`)]),
  'another key': (text, random) =>
    editLine(text, random, (line) => [line.replace(/[\w-]+:/, `${pick(random, KEYS)}:`)]),
  'a key more': (text, random) =>
    editLine(text, random, (line) => [
      line,
      `${/^ */.exec(line)?.[0] ?? ''}${pick(random, KEYS)}: ${pick(random, VALUES)}`,
    ]),
  'letters swapped': (text, random) => {
    const at = below(random, text.length - 1);
    return text.slice(0, at) + (text[at + 1] ?? '') + (text[at] ?? '') + text.slice(at + 2);
  },
  'nested deep': (text, random) =>
    editLine(text, random, (line) => [line.replace(/: .*$/, `: ${'['.repeat(below(random, 3000))}`)]),
  'nested as lists': (text, random) => editLine(text, random, (line) => [line, `${'- '.repeat(below(random, 3000))}x`]),
  'an alias bomb': (text) =>
    `${text}\na: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghij'].map((name, at) => `${name}: &${name} [${`*${'abcdefghij'[at]},`.repeat(9)}]`).join('\n')}\nvars: { bomb: *j }\n`,
  'an alias inside itself': (text, random) =>
    editLine(text, random, (line) => [line.replace(/: .*$/, ': &self { in: [*self] }')]),
  'bad anchors': (text, random) =>
    editLine(text, random, (line) => [line.replace(/: (.*)$/, `: *${pick(random, ['nobody', '', 'a b'])} $1`)]),
  binary: (text, random) => {
    const at = below(random, text.length);
    return (
      text.slice(0, at) + String.fromCharCode(...Array.from({ length: 40 }, () => below(random, 256))) + text.slice(at)
    );
  },
  'a long line': (text, random) =>
    editLine(text, random, (line) => [line.replace(/: .*$/, `: ${'x'.repeat(below(random, 200_000))}`)]),
  'a document more': (text) => `${text}---\nsuite: second\n`,
  'windows line ends': (text, random) => editLine(text.replaceAll('\n', '\r\n'), random, () => ['\r']),
};

// Colours one line of YAML: enough of the language for suites, a line at a time.

export interface Token {
  kind: 'key' | 'string' | 'number' | 'comment' | 'variable' | 'mark' | 'text';
  text: string;
}

const PATTERN =
  /(?<comment>(?:^|(?<=\s))#.*$)|(?<variable>\$\{[^}]*\})|(?<key>(?:"[^"]*"|'[^']*'|[\w$./@][\w$./@-]*(?: [\w$./@-]+)*)(?=\s*:(?:\s|$)))|(?<string>"(?:[^"\\]|\\.)*"|'[^']*'|(?<=[\s:[,(])\/(?:[^/\\]|\\.)+\/[a-z]*)|(?<number>(?<![\w:-])-?\d+(?:\.\d+)?(?:ms|s|m|h|%|ppm|kbps|kb|mb|gb)?(?![\w.-]))|(?<mark>[-{}[\],:|>&*!?])/gi;

export function highlightYaml(line: string): Token[] {
  const tokens: Token[] = [];
  let from = 0;
  for (const match of line.matchAll(PATTERN)) {
    if (match.index > from) tokens.push({ kind: 'text', text: line.slice(from, match.index) });
    const [kind = 'text'] = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined) ?? [];
    tokens.push({ kind: kind as Token['kind'], text: match[0] });
    from = match.index + match[0].length;
  }
  if (from < line.length) tokens.push({ kind: 'text', text: line.slice(from) });
  return tokens;
}

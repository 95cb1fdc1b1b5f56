// Lines of YAML with numbers, colours and, where there is one, a verdict in the margin.

import { type AnyVerdict, VerdictMark } from '../shared/words.tsx';
import { highlightYaml } from './highlight-yaml.ts';

export interface ShownLine {
  number: number;
  text: string;
  isMarked?: boolean;
  verdict?: AnyVerdict | undefined;
  /** What the verdict is about, for the title. */
  note?: string | undefined;
  onChoose?: (() => void) | undefined;
}

export function YamlLines({ lines, label, id }: { lines: ShownLine[]; label: string; id?: string }) {
  return (
    <div class="yaml" role="region" aria-label={label} tabIndex={0} id={id}>
      {lines.map(({ number, text, isMarked, verdict, note, onChoose }) => (
        <div
          key={number}
          class={`yaml-line${isMarked ? ' is-marked' : ''}${verdict ? ` line-${verdict}` : ''}`}
          data-line={number}
        >
          <span class="yaml-number">{number}</span>
          <span class="yaml-verdict" title={note}>
            {verdict && onChoose ? (
              <button
                type="button"
                class="bare"
                onClick={onChoose}
                aria-label={`line ${number}: ${verdict}: ${note ?? ''}`}
              >
                <VerdictMark verdict={verdict} />
              </button>
            ) : verdict ? (
              <VerdictMark verdict={verdict} />
            ) : isMarked ? (
              <span aria-hidden="true">▸</span>
            ) : null}
          </span>
          <YamlText text={text} />
        </div>
      ))}
    </div>
  );
}

function YamlText({ text }: { text: string }) {
  return (
    <code>
      {highlightYaml(text).map(({ kind, text: part }, index) => (
        <span key={index} class={`y-${kind}`}>
          {part}
        </span>
      ))}
    </code>
  );
}

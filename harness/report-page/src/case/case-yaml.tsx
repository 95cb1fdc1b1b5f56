// The suite's text beside its case, with verdicts in the margin; the chosen check's line marked and in sight.

import { useEffect, useMemo } from 'preact/hooks';
import type { CaseMarks, CheckMark, TimelineMarks } from '../../../src/report/html/page-data.ts';
import { lineVerdicts } from '../suite/line-verdicts.ts';
import { YamlLines } from '../suite/yaml-lines.tsx';

export interface CaseYamlProps {
  marks: TimelineMarks;
  kase: CaseMarks;
  check: CheckMark | undefined;
  onChoose(check: CheckMark): void;
  /** Only the lines around the chosen check. */
  isShort?: boolean;
}

const CONTEXT_LINES = 6;

export function CaseYaml({ marks, kase, check, onChoose, isShort = false }: CaseYamlProps) {
  const file = check?.file ?? kase.file;
  const source = marks.sources.find((each) => each.file === file);
  const verdicts = useMemo(() => lineVerdicts([kase], file), [kase, file]);
  useEffect(() => {
    const line = check?.line ?? kase.line;
    const element = document.querySelector<HTMLElement>(`#case-yaml [data-line="${line}"]`);
    const box = element?.closest<HTMLElement>('.yaml');
    if (element && box) box.scrollTop = element.offsetTop - box.clientHeight / 3;
  }, [check, kase, isShort]);
  if (!source) return <p class="muted">The text of {file} was not stored with this run.</p>;
  const all = source.text.split('\n').map((text, index) => {
    const number = index + 1;
    const own = verdicts.get(number);
    const judged = kase.checks.findLast((each) => each.line === number && each.file === file);
    return {
      number,
      text,
      isMarked: number === check?.line,
      verdict: own?.verdict,
      note: own?.note,
      onChoose: judged ? () => onChoose(judged) : undefined,
    };
  });
  const lines =
    isShort && check ? all.slice(Math.max(0, check.line - 1 - CONTEXT_LINES), check.line + CONTEXT_LINES) : all;
  return (
    <figure class="case-yaml">
      <figcaption>
        {file}
        {check ? `:${check.line}` : ''}
        {source.isStored ? '' : ' (as the file is today, not as it ran)'}
      </figcaption>
      <YamlLines id="case-yaml" label={`${file}, with verdicts`} lines={lines} />
    </figure>
  );
}

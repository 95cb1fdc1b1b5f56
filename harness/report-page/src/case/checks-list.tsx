// Every check of the case: what was promised, what was seen, when. Choosing one goes to its instant and its line of YAML.

import type { ComponentChildren } from 'preact';
import type { CheckMark } from '../../../src/report/html/page-data.ts';
import { clock, VerdictMark } from '../shared/words.tsx';

export function ChecksList({
  checks,
  chosen,
  zeroMs,
  onChoose,
  yaml,
}: {
  checks: CheckMark[];
  chosen: CheckMark | undefined;
  zeroMs: number;
  onChoose(check: CheckMark): void;
  /** The chosen check's lines of the suite. */
  yaml: ComponentChildren;
}) {
  const ordered = [...checks].sort(
    (a, b) => Number(a.verdict === 'passed') - Number(b.verdict === 'passed') || a.atMs - b.atMs,
  );
  if (ordered.length === 0) return <p class="muted">No check was judged in this case.</p>;
  return (
    <ul class="checks">
      {ordered.map((check) => (
        <li
          key={`${check.line}${check.how}${check.judgedMs}${check.title}`}
          class={check === chosen ? 'is-chosen' : ''}
        >
          <button
            type="button"
            class={`check check-${check.verdict}`}
            aria-expanded={check === chosen}
            onClick={() => onChoose(check)}
          >
            <VerdictMark verdict={check.verdict} />
            <span class="check-words">
              <span class="check-expected">{check.expected}</span>
              <span class="check-seen">{check.seen}</span>
            </span>
            <span class="check-when">
              {clock(check.atMs - zeroMs)}
              <br />
              {check.how}, line {check.line}
            </span>
          </button>
          {check === chosen ? (
            <>
              {yaml}
              <Detail check={check} zeroMs={zeroMs} />
            </>
          ) : null}
        </li>
      ))}
    </ul>
  );
}

function Detail({ check: { last, hint, detail, atMs, judgedMs }, zeroMs }: { check: CheckMark; zeroMs: number }) {
  return (
    <dl class="check-detail">
      {last === undefined ? null : (
        <>
          <dt>last seen</dt>
          <dd>{String(last)}</dd>
        </>
      )}
      <dt>decided</dt>
      <dd>
        {clock(atMs - zeroMs, 3)}
        {judgedMs === atMs ? '' : `, judged at ${clock(judgedMs - zeroMs, 3)}`}
      </dd>
      {hint ? (
        <>
          <dt>hint</dt>
          <dd>{hint}</dd>
        </>
      ) : null}
      {detail ? (
        <>
          <dt>facts</dt>
          <dd>
            <details>
              <summary>as judged</summary>
              <pre>{pretty(detail)}</pre>
            </details>
          </dd>
        </>
      ) : null}
    </dl>
  );
}

function pretty(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 1);
  } catch {
    return json;
  }
}

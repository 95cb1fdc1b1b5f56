// What was measured in a case against what was promised, how long recoveries took, and where the evidence lies.

import type { CaseMarks, CaseSummary } from '../../../src/report/html/page-data.ts';
import { clock, duration, VerdictMark } from '../shared/words.tsx';

export function CaseFigures({ found, kase, zeroMs }: { found: CaseSummary; kase: CaseMarks; zeroMs: number }) {
  return (
    <>
      {found.figures.length === 0 ? (
        <p class="muted">Nothing was measured in this case.</p>
      ) : (
        <table class="figures">
          <thead>
            <tr>
              <th scope="col">measured</th>
              <th scope="col">value</th>
              <th scope="col">promised</th>
            </tr>
          </thead>
          <tbody>
            {found.figures.map(({ name, value, promised, verdict }, index) => (
              <tr key={index}>
                <td>
                  <VerdictMark verdict={verdict} /> {name}
                </td>
                <td>{value}</td>
                <td class="muted">{promised}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {kase.recoveries.length > 0 ? (
        <>
          <h3>Recoveries</h3>
          <ul class="plain">
            {kase.recoveries.map(({ atMs, after, check, recoveryMs, promisedMs }) => (
              <li key={`${atMs}${check}`}>
                <b>{duration(Math.round(recoveryMs))}</b> after {after}, at {clock(atMs - zeroMs)}: {check}
                {promisedMs === undefined ? '' : ` (promised within ${duration(promisedMs)})`}
              </li>
            ))}
          </ul>
        </>
      ) : null}
      {found.story ? (
        <>
          <h3>Evidence</h3>
          <ul class="plain">
            {found.story.evidence.map(({ what, name, path }) => (
              <li key={path}>
                <a href={path}>{name}</a> <span class="muted">{what}</span>
              </li>
            ))}
          </ul>
        </>
      ) : null}
    </>
  );
}

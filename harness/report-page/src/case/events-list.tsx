// Everything that is marked on the lanes as a list in order of time, for those who read rather than look.

import { useState } from 'preact/hooks';
import { clock, duration } from '../shared/words.tsx';
import type { Lane, Mark } from './lane.ts';
import type { TimeAxis } from './time-axis.ts';

const PAGE = 200;

export function EventsList({ lanes, axis }: { lanes: Lane[]; axis: TimeAxis }) {
  const [limit, setLimit] = useState(PAGE);
  const marks = lanes
    .flatMap((lane) => lane.marks.map((mark): [Lane, Mark] => [lane, mark]))
    .sort(([, a], [, b]) => a.fromMs - b.fromMs);
  return (
    <>
      <table class="events">
        <thead>
          <tr>
            <th scope="col">at</th>
            <th scope="col">lasted</th>
            <th scope="col">what</th>
          </tr>
        </thead>
        <tbody>
          {marks.slice(0, limit).map(([lane, mark], index) => (
            <tr key={`${lane.id}${index}`} class={mark.isBad ? 'is-bad' : ''}>
              <td>
                <button type="button" class="bare link" onClick={() => axis.seek(mark.fromMs)}>
                  {clock(mark.fromMs - axis.zeroMs)}
                </button>
              </td>
              <td>{mark.toMs > mark.fromMs ? duration(mark.toMs - mark.fromMs) : ''}</td>
              <td>
                <span class="muted">{mark.kind}</span> {mark.title}
                {mark.more ? <div class="muted">{mark.more}</div> : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {marks.length > limit ? (
        <button type="button" onClick={() => setLimit(limit + PAGE)}>
          Show {Math.min(PAGE, marks.length - limit)} more of {marks.length}
        </button>
      ) : null}
    </>
  );
}

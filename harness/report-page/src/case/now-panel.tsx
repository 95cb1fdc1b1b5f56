// Everything that the lanes say at one instant, as a list: under the pointer, or at the playhead.

import { useEffect, useState } from 'preact/hooks';
import { clock } from '../shared/words.tsx';
import type { TimeAxis } from './time-axis.ts';

export interface Reader {
  label: string;
  read(atMs: number): string;
}

const EVERY_MS = 60;

export function NowPanel({ axis, readers }: { axis: TimeAxis; readers: Reader[] }) {
  const [atMs, setAtMs] = useState(axis.readMs);
  useEffect(() => {
    let saidAt = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const say = () => {
      saidAt = performance.now();
      timer = undefined;
      setAtMs(axis.readMs);
    };
    const stop = axis.listen(() => {
      const wait = saidAt + EVERY_MS - performance.now();
      if (wait <= 0) say();
      else timer ??= setTimeout(say, wait);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [axis]);
  const said = readers.map(({ label, read }) => [label, read(atMs)] as const).filter(([, text]) => text !== '');
  return (
    <section class="now" aria-labelledby="now-title">
      <h2 id="now-title">
        At <span class="now-time">{clock(atMs - axis.zeroMs, 3)}</span>{' '}
        <span class="muted">{axis.hoverMs === undefined ? 'playhead' : 'under the pointer'}</span>
      </h2>
      <div class="now-scroll" role="region" aria-label="Values at this instant" tabIndex={0}>
        <dl>
          {said.map(([label, text]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
      </div>
    </section>
  );
}

// What stands over all lanes: the line under the pointer, the playhead, the instants of what did not hold, the stretches of faults.

import { useEffect, useRef } from 'preact/hooks';
import type { CaseMarks } from '../../../src/report/html/page-data.ts';
import { clock } from '../shared/words.tsx';
import type { TimeAxis } from './time-axis.ts';

export function Overlay({ axis, kase, brokenMs }: { axis: TimeAxis; kase: CaseMarks; brokenMs: readonly number[] }) {
  const hover = useRef<HTMLDivElement>(null);
  const flag = useRef<HTMLSpanElement>(null);
  const playhead = useRef<HTMLDivElement>(null);
  const broken = useRef<HTMLDivElement>(null);
  const bands = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const place = () => {
      move(hover.current, axis.hoverMs, axis);
      if (flag.current && axis.hoverMs !== undefined) {
        flag.current.textContent = clock(axis.hoverMs - axis.zeroMs, axis.spanMs < 20_000 ? 3 : 2);
        flag.current.classList.toggle('flip', axis.x(axis.hoverMs) > axis.width - 90);
      }
      move(playhead.current, axis.playheadMs, axis);
      for (const [index, atMs] of brokenMs.entries()) move(broken.current?.children[index] as HTMLElement, atMs, axis);
      for (const [index, { injectedMs, askedMs, revertedMs }] of kase.faults.entries()) {
        const band = bands.current?.children[index] as HTMLElement | undefined;
        if (!band) continue;
        const left = Math.max(0, axis.x(injectedMs ?? askedMs));
        const right = Math.min(axis.width, axis.x(revertedMs ?? injectedMs ?? askedMs));
        band.hidden = right < 0 || left > axis.width || right <= left;
        band.style.transform = `translateX(${left}px)`;
        band.style.width = `${Math.max(0, right - left)}px`;
      }
    };
    place();
    return axis.listen(place);
  }, [axis, kase, brokenMs]);
  return (
    <div class="overlay" aria-hidden="true">
      <div ref={bands}>
        {kase.faults.map(({ fault }) => (
          <div key={fault} class="fault-band" />
        ))}
      </div>
      <div ref={broken}>
        {brokenMs.map((atMs) => (
          <div key={atMs} class="broken-line">
            <span>✗</span>
          </div>
        ))}
      </div>
      <div class="playhead-line" ref={playhead} />
      <div class="hover-line" ref={hover}>
        <span class="hover-flag" ref={flag} />
      </div>
    </div>
  );
}

function move(element: HTMLElement | null | undefined, atMs: number | undefined, axis: TimeAxis): void {
  if (!element) return;
  const x = atMs === undefined ? -1 : axis.x(atMs);
  element.hidden = atMs === undefined || x < 0 || x > axis.width;
  if (!element.hidden) element.style.transform = `translateX(${x}px)`;
}

// What is to be read of a case: its checks, its YAML, what was measured, and everything that is marked on the lanes.

import { useState } from 'preact/hooks';
import type { CaseMarks, CaseSummary, CheckMark, TimelineMarks } from '../../../src/report/html/page-data.ts';
import { CaseFigures } from './case-figures.tsx';
import { CaseYaml } from './case-yaml.tsx';
import { ChecksList } from './checks-list.tsx';
import { EventsList } from './events-list.tsx';
import type { Lane } from './lane.ts';
import type { TimeAxis } from './time-axis.ts';

interface TabsProps {
  marks: TimelineMarks;
  kase: CaseMarks;
  found: CaseSummary;
  check: CheckMark | undefined;
  onChoose(check: CheckMark): void;
  lanes: Lane[];
  axis: TimeAxis;
}

const TABS = ['Checks', 'YAML', 'Figures', 'Everything'] as const;

export function CaseTabs(props: TabsProps) {
  const [tab, setTab] = useState<(typeof TABS)[number]>('Checks');
  const { kase, check } = props;
  return (
    <section class="tabs" aria-label="Details">
      <div role="tablist" aria-label="Details" class="tablist">
        {TABS.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            aria-selected={name === tab}
            aria-controls="tab-panel"
            tabIndex={name === tab ? 0 : -1}
            onClick={() => setTab(name)}
            onKeyDown={(event) => {
              const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
              if (step === 0) return;
              const next = TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length] ?? tab;
              setTab(next);
              document.getElementById(`tab-${next}`)?.focus();
            }}
          >
            {name}
            {name === 'Checks' ? ` (${kase.checks.length})` : ''}
          </button>
        ))}
      </div>
      <div role="tabpanel" id="tab-panel" aria-labelledby={`tab-${tab}`} tabIndex={0} class="tab-panel">
        {tab === 'Checks' ? (
          <ChecksList
            checks={kase.checks}
            chosen={check}
            zeroMs={props.axis.zeroMs}
            onChoose={props.onChoose}
            yaml={<CaseYaml {...props} isShort />}
          />
        ) : tab === 'YAML' ? (
          <CaseYaml {...props} />
        ) : tab === 'Figures' ? (
          <CaseFigures found={props.found} kase={kase} zeroMs={props.axis.zeroMs} />
        ) : (
          <EventsList lanes={props.lanes} axis={props.axis} />
        )}
      </div>
    </section>
  );
}

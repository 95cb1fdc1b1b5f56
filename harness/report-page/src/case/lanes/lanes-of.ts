// The lanes of a case, in the order in which they stand: what was done, what was done to it, how it was, what it said.

import type { CaseMarks, CheckMark, TimelineMarks } from '../../../../src/report/html/page-data.ts';
import type { LogLines } from '../../data/log-lines.ts';
import type { Lane } from '../lane.ts';
import type { TimeAxis } from '../time-axis.ts';
import { defectLane } from './defect-lane.ts';
import { logLane } from './log-lane.ts';
import { checkLane, phaseLane, stepLane } from './work-lanes.ts';
import { activityLane, faultLane, serviceLane } from './world-lanes.ts';

export function lanesOf(
  marks: TimelineMarks,
  kase: CaseMarks,
  axis: TimeAxis,
  log: LogLines | undefined,
  onChoose: (check: CheckMark) => void,
): Lane[] {
  const { minMs, maxMs, zeroMs } = axis;
  const lanes: (Lane | undefined)[] = [
    phaseLane(kase),
    stepLane(kase),
    checkLane(kase, zeroMs, onChoose),
    faultLane(kase, zeroMs),
    ...marks.services.map((service) => serviceLane(service, minMs, maxMs)),
    activityLane(kase),
    ...kase.recordings.map(defectLane),
    ...(log?.services ?? []).map((_, index) => log && logLane(log, index, minMs, maxMs)),
  ];
  return lanes.filter((lane) => lane !== undefined);
}

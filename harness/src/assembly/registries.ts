// Every kind of step and of check there is. A new kind is its file, its test, and one line here.

import {
  httpCheck,
  logCheck,
  metricCheck,
  metricsCheck,
  recordingCheck,
  serviceCheck,
  streamCheck,
} from '../checks/index.ts';
import { alwaysStep } from '../engine/steps/always.ts';
import { diskStep } from '../engine/steps/disk.ts';
import { emitStep } from '../engine/steps/emit.ts';
import { eventuallyStep } from '../engine/steps/eventually.ts';
import { expectStep } from '../engine/steps/expect.ts';
import { finishStep } from '../engine/steps/finish.ts';
import { limitStep } from '../engine/steps/limit.ts';
import { mediaStep } from '../engine/steps/media.ts';
import { networkStep } from '../engine/steps/network.ts';
import { parallelStep } from '../engine/steps/parallel.ts';
import { phaseStep } from '../engine/steps/phase.ts';
import { publishStep } from '../engine/steps/publish.ts';
import { recordStep } from '../engine/steps/record.ts';
import { repeatStep } from '../engine/steps/repeat.ts';
import { requestStep } from '../engine/steps/request.ts';
import { serviceStep } from '../engine/steps/service.ts';
import { stopStep } from '../engine/steps/stop.ts';
import { waitStep } from '../engine/steps/wait.ts';
import type { AnyCheckKind, AnyStepKind } from '../model/kinds.ts';

export interface Registry {
  steps: AnyStepKind[];
  checks: AnyCheckKind[];
}

export const registry: Registry = {
  steps: [
    publishStep,
    recordStep,
    finishStep,
    stopStep,
    serviceStep,
    networkStep,
    mediaStep,
    diskStep,
    limitStep,
    emitStep,
    requestStep,
    expectStep,
    eventuallyStep,
    alwaysStep,
    phaseStep,
    parallelStep,
    repeatStep,
    waitStep,
  ],
  checks: [metricCheck, metricsCheck, logCheck, recordingCheck, serviceCheck, httpCheck, streamCheck],
};

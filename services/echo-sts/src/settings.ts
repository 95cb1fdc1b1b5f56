// What test drivers can set, and what it is when nobody has set anything.

import type { BackPressureSetting } from './back-pressure.ts';
import type { Config } from './config.ts';
import type { ProcessingDelaySetting } from './processing-delay.ts';
import type { ErrorRule } from './protocol/control-events.ts';

export interface Settings {
  errorRules: readonly ErrorRule[];
  backPressure: BackPressureSetting;
  processingDelay: ProcessingDelaySetting;
  /** Length of dubbed audio, as a share of the original's. */
  dubbedScale: number;
}

export function initialSettings(config: Config): Settings {
  return {
    errorRules: [],
    backPressure: { ...config.backPressure },
    processingDelay: { delayMs: config.processingDelayMs, jitterMs: 0, silent: false },
    dubbedScale: 1,
  };
}

// `slow_close`: the end of a direction goes on `delay` milliseconds after it came; bytes pass.

import type { Ending, ToxicType } from './stage.ts';
import { timer } from './timer.ts';

export const slowClose: ToxicType = {
  defaults: { delay: 0 },
  open(attributes, { next }) {
    let ending: Ending | undefined;
    const wake = timer(() => {
      if (ending) next().end(ending);
    });
    return {
      write: (chunk) => next().write(chunk),
      end(how) {
        ending = how;
        wake.at(performance.now() + (attributes().delay ?? 0));
      },
      release() {
        wake.stop();
        if (ending) next().end(ending);
      },
      destroy: () => wake.stop(),
    };
  },
};

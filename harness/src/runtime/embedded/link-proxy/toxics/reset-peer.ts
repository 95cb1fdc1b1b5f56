// `reset_peer`: both ends see "connection reset by peer", `timeout` milliseconds after the toxic was added or the connection was made.

import type { ToxicType } from './stage.ts';
import { timer } from './timer.ts';

export const resetPeer: ToxicType = {
  defaults: { timeout: 0 },
  open(attributes, { next, closeConnection }) {
    const wake = timer(() => closeConnection('reset'));
    wake.at(performance.now() + (attributes().timeout ?? 0));
    return {
      write: (chunk) => next().write(chunk),
      end: (how) => next().end(how),
      release: () => wake.stop(),
      destroy: () => wake.stop(),
    };
  },
};

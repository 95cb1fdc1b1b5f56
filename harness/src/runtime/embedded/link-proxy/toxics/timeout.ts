// `timeout`: bytes are dropped without a word. The connection stays until `timeout` milliseconds of silence are over, for ever with 0.

import type { ToxicType } from './stage.ts';
import { timer } from './timer.ts';

export const timeout: ToxicType = {
  defaults: { timeout: 0 },
  open(attributes, { next, drop, closeConnection }) {
    const expiry = timer(() => closeConnection('close'));
    const restart = () => {
      const { timeout = 0 } = attributes();
      expiry.stop();
      if (timeout > 0) expiry.at(performance.now() + timeout);
    };
    restart();
    return {
      write({ data }) {
        drop(data.length);
        restart();
      },
      changed: restart,
      end: (how) => next().end(how),
      // Bytes are missing from the stream: what came after would be taken for something else.
      release: () => closeConnection('close'),
      destroy: () => expiry.stop(),
    };
  },
};

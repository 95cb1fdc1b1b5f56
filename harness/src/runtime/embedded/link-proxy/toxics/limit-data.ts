// `limit_data`: the connection is closed once `bytes` bytes have gone on.

import type { ToxicType } from './stage.ts';

export const limitData: ToxicType = {
  defaults: { bytes: 0 },
  open(attributes, { next, drop }) {
    let passed = 0;
    let over = false;
    return {
      write({ data, atMs }) {
        const left = Math.max(0, (attributes().bytes ?? 0) - passed);
        const allowed = over ? data.subarray(0, 0) : data.subarray(0, left);
        drop(data.length - allowed.length);
        if (over) return;
        passed += allowed.length;
        if (allowed.length > 0) next().write({ data: allowed, atMs });
        if (allowed.length < left) return;
        over = true;
        next().end('close');
      },
      end(how) {
        if (!over) next().end(how);
      },
      release() {},
      destroy() {},
    };
  },
};

// The arithmetic of metrics: pure, over scrapes, shared by checks and by whoever shows metrics.

export { nearestNames } from './nearest.ts';
export { type Quantile, quantile } from './quantile.ts';
export {
  formatSelector,
  formatSeries,
  type LabelMatcher,
  parseSelector,
  type Selector,
} from './selector.ts';
export {
  type Increase,
  increase,
  type OnReset,
  type Reset,
  rate,
  selectPoints,
  valueAt,
  valuesOver,
} from './series.ts';

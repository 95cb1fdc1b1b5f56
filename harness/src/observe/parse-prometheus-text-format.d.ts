// The package ships no types: this is the part of its result that parse-metrics.ts relies on.

declare module 'parse-prometheus-text-format' {
  /** Throws on a line that is no sample, naming it. */
  export default function parse(
    text: string,
  ): { name: string; metrics: { value?: string; labels?: Record<string, string> }[] }[];
}

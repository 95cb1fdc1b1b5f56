// How many bytes a link's proxy has received and sent on, per direction: what it says of real traffic.

import { fetchFromProxy } from './fetch-from-proxy.ts';

/** As Toxiproxy names directions: `upstream` is from the client to the server. */
export type Stream = 'upstream' | 'downstream';
export const STREAMS: readonly Stream[] = ['upstream', 'downstream'];

export interface Counters {
  receivedBytes: number;
  sentBytes: number;
}
export interface LinkCounters extends Record<Stream, Counters> {
  /** Open right now. Undefined from Toxiproxy itself, which counts a connection's bytes when it ends: its counters tell nothing of one that is open. */
  connections?: number | undefined;
}

const SAMPLE = /^toxiproxy_proxy_(received|sent)_bytes_total\{(.*)\} (\S+)$/;
/** Of Testcard's own proxy, whose counters count bytes as they pass. */
const CONNECTIONS = /^toxiproxy_proxy_connections\{(.*)\} (\d+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

export async function readCounters(link: { api: string; proxy: string }, signal: AbortSignal): Promise<LinkCounters> {
  return countersIn(await fetchFromProxy(`${link.api}/metrics`, signal), link.proxy);
}

/** Zeros for what the text does not name: a proxy that nothing went through yet. A proxy that was moved has several series: they add up. */
export function countersIn(text: string, proxy: string): LinkCounters {
  const counters: LinkCounters = {
    upstream: { receivedBytes: 0, sentBytes: 0 },
    downstream: { receivedBytes: 0, sentBytes: 0 },
  };
  for (const line of text.split('\n')) {
    const [, openLabels, open] = CONNECTIONS.exec(line) ?? [];
    if (openLabels !== undefined && readLabels(openLabels).proxy === proxy) counters.connections = Number(open);
    const [, what, labelText = '', value = ''] = SAMPLE.exec(line) ?? [];
    if (what === undefined) continue;
    const labels = readLabels(labelText);
    const { direction } = labels;
    if (labels.proxy !== proxy || (direction !== 'upstream' && direction !== 'downstream')) continue;
    counters[direction][what === 'sent' ? 'sentBytes' : 'receivedBytes'] += Number(value);
  }
  return counters;
}

const readLabels = (text: string): Record<string, string> =>
  Object.fromEntries([...text.matchAll(LABEL)].map(([, name = '', value = '']) => [name, plain(value)]));

const plain = (text: string): string => text.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));

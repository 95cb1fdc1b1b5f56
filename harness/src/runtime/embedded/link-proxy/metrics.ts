// Byte counters of all proxies in Prometheus text, named as Toxiproxy names them under `-proxy-metrics`. Toxiproxy adds a connection's
// bytes when it ends; here they count as they pass, and the open connections (which Toxiproxy does not tell) say so.

import { formatAddress } from './address.ts';
import type { TcpProxy } from './tcp-proxy.ts';
import type { Stream } from './toxic.ts';

const STREAMS: Stream[] = ['upstream', 'downstream'];

export function formatMetrics(proxies: Iterable<TcpProxy>): string {
  const received: string[] = [];
  const sent: string[] = [];
  const open: string[] = [];
  for (const proxy of proxies) {
    open.push(`toxiproxy_proxy_connections{proxy="${escapeLabel(proxy.name)}"} ${proxy.connections}`);
    for (const direction of STREAMS) {
      const labels = Object.entries({
        direction,
        listener: formatAddress(proxy.listen),
        proxy: proxy.name,
        upstream: formatAddress(proxy.upstream),
      })
        .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
        .join(',');
      const { receivedBytes, sentBytes } = proxy.counters[direction];
      received.push(`toxiproxy_proxy_received_bytes_total{${labels}} ${receivedBytes}`);
      sent.push(`toxiproxy_proxy_sent_bytes_total{${labels}} ${sentBytes}`);
    }
  }
  return [
    '# HELP toxiproxy_proxy_received_bytes_total Bytes that came in.',
    '# TYPE toxiproxy_proxy_received_bytes_total counter',
    ...received,
    '# HELP toxiproxy_proxy_sent_bytes_total Bytes that were handed on.',
    '# TYPE toxiproxy_proxy_sent_bytes_total counter',
    ...sent,
    '# HELP toxiproxy_proxy_connections Connections that are open.',
    '# TYPE toxiproxy_proxy_connections gauge',
    ...open,
    '',
  ].join('\n');
}

const escapeLabel = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

// `host:port` as the API writes it.

import { ApiError } from './api-error.ts';

export interface Address {
  host: string;
  port: number;
}

const ADDRESS = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/;
const LOOPBACK = new Set(['', '127.0.0.1', 'localhost']);

export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Throws ApiError for what is no address. */
export function readAddress(text: unknown): Address {
  const [, six, four, port] = typeof text === 'string' ? (ADDRESS.exec(text) ?? []) : [];
  if (port === undefined || Number(port) > 65_535) {
    throw new ApiError(400, `bad request body: ${JSON.stringify(text)} is not host:port`);
  }
  return { host: six ?? four ?? '', port: Number(port) };
}

/** An address to listen on: only this machine may connect. Port 0 (or no address) is any free port. */
export function readListenAddress(text: unknown): Address {
  if (text === undefined || text === '') return { host: '127.0.0.1', port: 0 };
  const { host, port } = readAddress(text);
  if (!LOOPBACK.has(host))
    throw new ApiError(400, `bad request body: this proxy listens on 127.0.0.1 only, not on ${host}`);
  return { host: '127.0.0.1', port };
}

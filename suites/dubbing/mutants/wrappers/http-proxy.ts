// Answers in place of a service over HTTP: asks it, and may change what /metrics says.

import { createServer, type Server } from 'node:http';

const ANSWER_WITHIN_MS = 5000;

/** A server that is not listening yet. When the service does not answer, neither does this: the connection is closed. */
export function createHttpProxy(upstreamUrl: string, metrics: (text: string) => string = (text) => text): Server {
  return createServer(async (request, response) => {
    try {
      const path = request.url ?? '/';
      const answer = await fetch(new URL(path, upstreamUrl), {
        method: request.method ?? 'GET',
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
      const body = await answer.text();
      response.statusCode = answer.status;
      response.setHeader('content-type', answer.headers.get('content-type') ?? 'text/plain');
      response.end(path.startsWith('/metrics') ? metrics(body) : body);
    } catch {
      response.destroy();
    }
  });
}

export function listen(server: Server, port: number, host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

// The process of the link proxy: one for an environment, started by startLinkProxy. Says its API's address on stdout, and ends with
// whoever started it.

import { dieWithParent } from '../../ownership/die-with-parent.ts';
import { createApi } from './api.ts';
import { Proxies } from './proxies.ts';

dieWithParent();
process.on('SIGTERM', () => process.exit());
const server = createApi(new Proxies());
server.listen({ host: '127.0.0.1', port: 0 }, () => {
  server.on('error', () => {}); // out of file descriptors: the next call may do better
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  process.stdout.write(`${JSON.stringify({ api: `http://127.0.0.1:${port}` })}\n`);
});

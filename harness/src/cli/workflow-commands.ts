// Keeps GitHub Actions from obeying what a pipeline under test prints: its log lines may look like workflow commands.

import { randomUUID } from 'node:crypto';

/** From now on the runner obeys nothing but what the function that is returned writes, which lets it obey again. */
export function pauseWorkflowCommands(log: (text: string) => void): () => void {
  const token = randomUUID();
  log(`::stop-commands::${token}\n`);
  let isPaused = true;
  return () => {
    if (isPaused) log(`::${token}::\n`);
    isPaused = false;
  };
}

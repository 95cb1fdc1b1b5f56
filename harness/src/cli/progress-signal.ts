// A signal that asks what goes on: SIGUSR1, and SIGINFO where the system has it (Ctrl-T there). Without it, SIGUSR1 would start Node's debugger.

import { constants } from 'node:os';

const SIGNALS = ['SIGUSR1', 'SIGINFO'].filter((signal) => signal in constants.signals);

/** Calls `tell` for each signal until the function that is returned is called. */
export function onProgressSignal(tell: () => void): () => void {
  for (const signal of SIGNALS) process.on(signal, tell);
  return () => {
    for (const signal of SIGNALS) process.off(signal, tell);
  };
}

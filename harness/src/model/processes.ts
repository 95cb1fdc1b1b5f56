// Port for starting external programs so that they cannot outlive the harness.

export interface ProcessGuard {
  /**
   * Takes a process group (the child was spawned with `detached: true`, so its pid is the group's) under guard: should this
   * process die, however it dies, the group is killed. The function that is returned ends the guard, for a child that has exited.
   */
  adopt(pid: number): () => void;
}

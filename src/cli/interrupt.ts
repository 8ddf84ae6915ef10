/** Signals while a command runs: the first asks it to stop and undo, the second ends the process. */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Runs `work` with a signal that the first SIGINT, SIGTERM or SIGHUP aborts. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  // Without a listener the default action is back: the second signal kills.
  const stop = (name: NodeJS.Signals): void => {
    // Not at once: execa, which has a child to end, would take itself for the only listener, and end the process.
    setImmediate(release)
    controller.abort(name)
  }
  const release = (): void => {
    for (const name of SIGNALS) process.off(name, stop)
  }
  for (const name of SIGNALS) process.on(name, stop)
  try {
    return await work(controller.signal)
  } finally {
    release()
  }
}

/** Signals while a command runs: the first asks it to stop and undo, the second ends the process. */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Runs `work` with a signal that the first SIGINT, SIGTERM or SIGHUP aborts; `attached`: a SIGINT is for the program that has the terminal. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>, attached = false): Promise<T> {
  const controller = new AbortController()
  // Without a listener the default action is back: the second signal kills. Not at once, or others who listen to this one
  // (execa does, while a program runs) would find themselves alone, and end the process.
  const stop = (name: NodeJS.Signals): void => {
    if (attached && name === 'SIGINT') return
    setImmediate(() => {
      release()
      controller.abort(name)
    })
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

/** A file that may not grow any more (`ulimit -f`) is an error of the write, EFBIG, and not the end of the process. */
export function bearFileLimit(): void {
  if (process.listenerCount('SIGXFSZ') === 0) process.on('SIGXFSZ', () => undefined)
}

/** A signal that is never aborted, and lets a test do something just before a step: `execute` looks at it there. */

export function beforeStep(number: number, act: () => void): AbortSignal {
  const { signal } = new AbortController()
  let looks = 0
  Object.defineProperty(signal, 'aborted', {
    get: () => {
      if (looks++ === number) act()
      return false
    },
  })
  return signal
}

/** Two texts as a unified diff, for --dry-run. An edit of an fstab is one block, so one hunk says it. */

const CONTEXT = 3

/** Empty when nothing differs. `\ No newline` is said as diff(1) says it. */
export function formatDiff(before: string, after: string, name: string): string {
  if (before === after) return ''
  const [old, now] = [linesOf(before), linesOf(after)]
  let head = 0
  while (head < old.length && head < now.length && old[head] === now[head]) head++
  let tail = 0
  while (tail < old.length - head && tail < now.length - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail++
  const start = Math.max(0, head - CONTEXT)
  const around = Math.min(tail, CONTEXT)
  const rows = [
    ...old.slice(start, head).map((line) => ` ${line}`),
    ...old.slice(head, old.length - tail).map((line) => `-${line}`),
    ...now.slice(head, now.length - tail).map((line) => `+${line}`),
    ...old.slice(old.length - tail, old.length - tail + around).map((line) => ` ${line}`),
  ]
  const range = (lines: readonly string[]): string => {
    const count = lines.length - tail + around - start
    return `${count === 0 ? start : start + 1},${count}`
  }
  return [`--- ${name}`, `+++ ${name}`, `@@ -${range(old)} +${range(now)} @@`, ...rows.map((row) => (row.endsWith('\n') ? row.slice(0, -1) : `${row}\n\\ No newline at end of file`)), ''].join('\n')
}

const linesOf = (text: string): readonly string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []

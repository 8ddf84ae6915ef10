/** Names in an answer put right: what the kernel and the mount table say of a stand-in is meant of what it stands for. */

/** Replaces each name by its other one, in every text of `value`, however deep. */
export function renameAll<T>(value: T, names: readonly (readonly [from: string, to: string])[]): T {
  const deep = (part: unknown): unknown => {
    if (typeof part === 'string') return names.reduce((text, [from, to]) => text.replaceAll(from, () => to), part)
    if (Array.isArray(part)) return part.map(deep)
    if (typeof part !== 'object' || part === null) return part
    return Object.fromEntries(Object.entries(part).map(([key, field]) => [key, deep(field)]))
  }
  return deep(value) as T
}

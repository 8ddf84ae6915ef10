/**
 * Shapes of data that comes from outside: each says what is wrong with a value, and where, or nothing. The types are
 * held to those of the data: a field that the type has and the shape lacks does not compile.
 */

/** The fault of a value, with the place it lies at; undefined when it is as it should be. */
export interface Shape<T> {
  (value: unknown, at: string): string | undefined
  readonly of?: T
}

const is = (fits: (value: unknown) => boolean, what: string): Shape<never> => (value, at) => (fits(value) ? undefined : `'${at}' is not ${what}`)

/** Text is quoted, compared and shown: none of it is longer than a mount table's longest. */
const LONGEST_TEXT = 1024 * 1024

export const text: Shape<string> = is((value) => typeof value === 'string' && value.length <= LONGEST_TEXT, 'a text')
export const bool: Shape<boolean> = is((value) => typeof value === 'boolean', 'true or false')
export const whole: Shape<number> = is((value) => Number.isSafeInteger(value), 'a whole number')
/** Numbers that pass 2^53. */
export const digits: Shape<string> = is((value) => typeof value === 'string' && /^-?\d{1,24}$/.test(value), 'a whole number in quotes')

export function oneOf<const T extends string | number | boolean>(...words: readonly T[]): Shape<T> {
  return is((value) => words.some((word) => word === value), words.length > 12 ? 'a known word' : words.map((word) => JSON.stringify(word)).join(' or '))
}

export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value, at) => (value === undefined ? undefined : shape(value, at))
}

export function list<T>(shape: Shape<T>, most = 10_000): Shape<readonly T[]> {
  return (value, at) => {
    if (!Array.isArray(value)) return `'${at}' is not a list`
    if (value.length > most) return `'${at}' has more than ${most} entries`
    return first(value, (entry, index) => shape(entry, `${at}[${index}]`))
  }
}

/** Names that may be any, or those that `key` takes. */
export function record<T>(shape: Shape<T>, isKey: (key: string) => boolean = () => true): Shape<Readonly<Record<string, T>>> {
  return (value, at) => fields(value, at, (entries) => first(Object.entries(entries), ([key, entry]) => (isKey(key) ? shape(entry, `${at}.${key}`) : `'${at}.${key}' is not known`)))
}

export function object<T>(shapes: { readonly [K in keyof T]-?: Shape<T[K]> }): Shape<T> {
  return (value, at) => fields(value, at, (entries) => first(Object.keys(shapes), (key) => shapes[key as keyof T](Object.hasOwn(entries, key) ? entries[key] : undefined, at === '' ? key : `${at}.${key}`)))
}

/** One of two, told apart by a field. */
export function either<A, B>(key: string, word: unknown, then: Shape<A>, otherwise: Shape<B>): Shape<A | B> {
  return (value, at) => fields(value, at, (entries) => (entries[key] === word ? then : otherwise)(value, at))
}

function fields(value: unknown, at: string, look: (entries: Readonly<Record<string, unknown>>) => string | undefined): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return at === '' ? 'it is no object' : `'${at}' is not an object`
  return look(value as Readonly<Record<string, unknown>>)
}

function first<T>(values: readonly T[], look: (value: T, index: number) => string | undefined): string | undefined {
  for (const [index, value] of values.entries()) {
    const fault = look(value, index)
    if (fault !== undefined) return fault
  }
  return undefined
}

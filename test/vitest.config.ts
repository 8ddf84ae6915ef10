/** Five suites, told apart by what they need. test/run.mjs starts each in the namespace it wants; vm runs in QEMU (test/vm). */

import { defineConfig } from 'vitest/config'

const suite = (name: string, testTimeout: number) => ({
  test: { name, root: '.', include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: testTimeout, pool: 'forks' as const },
})

export default defineConfig({
  test: { projects: [suite('unit', 60_000), suite('cli', 60_000), suite('root', 280_000), suite('rootless', 120_000)] },
})

/** Findings about how a live system stacks its images and keeps its changes. The type is checked in ../catalogue.ts. */

export const LIVE_ENTRIES = {
  'live-stacks-everything': {
    severity: 'warning',
    explanation: 'Without layerfs-path= casper stacks every image of its directory in the order of their names, whether they belong together or not. Ubuntu’s own media say it inside their initrd.',
    docs: 'casper(7)',
  },
  'live-order-reversed': {
    severity: 'warning',
    explanation: 'For a union live-boot takes its mounted images in the order of their names, the first on top. That is the reverse of the root without persistence, and no .module list counts.',
    docs: 'persistence.conf(5)',
  },
  'live-image-ignored': {
    severity: 'note',
    explanation: 'A live system takes images by the ending of their names, or those that a list or a boot parameter names. The others lie on the medium and are not part of the root.',
    docs: 'live-boot(7)',
  },
  'persistence-line-skipped': {
    severity: 'warning',
    explanation: 'A line of persistence.conf that live-boot does not understand or finds unsafe is left out. Only the boot log says so, and what should have been kept is lost.',
    docs: 'persistence.conf(5)',
  },
  'persistence-sources-nested': {
    severity: 'error',
    explanation: 'Each line of persistence.conf needs a place of its own on the volume. When one place lies inside another, live-boot would mix them up.',
    docs: 'persistence.conf(5)',
  },
  'pack-incomplete': {
    severity: 'warning',
    explanation: 'A packed tree holds what the live system itself holds, as far as the format can keep it. What others mounted inside it is left out, and so are attributes that the format does not know.',
    docs: 'mksquashfs(1)',
  },
} as const

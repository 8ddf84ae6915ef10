/** Which programs speak in a message, by their habits of speech. */

const SPEECH = {
  mount: /\bu?mount: |mount\(8\)|dmesg\(1\) may have more|LIBMOUNT/,
  fsconfig: /fsconfig\(\)|mount_setattr\(\)|move_mount\(\)|fsmount\(\)/,
  busybox: /mount: mount(?:ing)? \S{1,60} on \S{1,400} failed/,
  docker: /\bdocker(?:d|-compose)?\b|error response from daemon|\/overlay2\/|graphdriver|storage-driver=/i,
  containerd: /containerd|snapshotter|rootfs component|\bctr: |\bnerdctl\b/i,
  podman: /podman|containers\/storage|mount_data=|\boverlay\/l\/|mount_program/i,
  buildah: /buildah/i,
  buildkit: /buildkit|buildx|failed to solve/i,
  k3s: /\bk3s\b|\brke2\b|rancher/i,
  kubernetes: /kubelet|\bpods?\b|kubernetes|k8s/i,
  runc: /\brunc\b|\bcrun\b|container init|OCI runtime/i,
  lxc: /\blxc\b|\blxd\b|\bincus\b|lxc-\w/i,
  systemd: /systemd|\.mount\b|\.service\b|sysext|nspawn/i,
  mkosi: /mkosi/i,
  bwrap: /\bbwrap\b|bubblewrap|\/newroot|\/oldroot/i,
  fuse: /fuse-overlayfs|fusermount|\bfuse: /i,
  boot: /initramfs|initrd|dracut|overlayroot|\/sysroot|\(initramfs\)|casper|live-boot|\/run\/rootfsbase|switch_root|emergency mode|kernel panic/i,
  fstab: /fstab|local-fs\.target|Dependency failed|x-systemd|\.mount\b/i,
  rootless: /rootless|userxattr|unshare|user ?namespaces?|userns|\/run\/user\/\d|\/home\/[^/\s]+\/\.local\/share\/containers|uid_map|newuidmap/i,
  nested: /dind|docker.in.docker|in(?:side)? (?:a |an |the )?(?:\w{1,20} )?(?:container|pod)\b|kaniko|devcontainer|\bnested\b|codespaces/i,
} as const

export type Tool = keyof typeof SPEECH

/** The tools and circumstances that any line betrays. */
export function toolsOf(lines: readonly { readonly text: string; readonly process?: string }[]): ReadonlySet<Tool> {
  const whole = lines.map(({ text, process = '' }) => `${process} ${text.slice(0, 2000)}`)
  const spoken = (Object.entries(SPEECH) as [Tool, RegExp][]).filter(([, speech]) => whole.some((line) => speech.test(line)))
  return new Set(spoken.map(([tool]) => tool))
}

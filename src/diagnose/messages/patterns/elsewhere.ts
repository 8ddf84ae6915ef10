/** Things that are called overlay and are no file system: networks, games, device trees, package trees, windows. */

import type { Family } from './hint.ts'
import { TOOL } from './hint.ts'

const ELSEWHERE: readonly RegExp[] = [
  /overlay (?:network|driver (?:network|vxlan))|network[^\n]{0,60}overlay|vxlan|non-overlapping IPv4|overlapping (?:ipv[46] )?(?:subnet|address|network|cidr)|(?:flannel|calico|weave|cilium|swarm|libnetwork|ingress network|network sandbox|docker_gwbridge|attachable network)/i,
  /gameoverlay|steam(?:vr|[ _-]?overlay|webhelper)|discord[^\n]{0,20}overlay|mangohud|vulkan[^\n]{0,20}overlay|VK_LAYER|obs[^\n]{0,12}overlay|geforce[^\n]{0,12}overlay/i,
  /dtoverlay|dt-overlay|device[- ]?tree[^\n]{0,40}overlay|overlay[^\n]{0,60}(?:\.dtbo?\b|device ?tree)|OF: overlay|of_overlay|\.dtbo\b|overlay_phandle|cape[- ]?manager/i,
  /layman|eselect[- ]repository|\bebuild\b|portage[^\n]{0,20}overlay|overlay[^\n]{0,20}portage|nixpkgs[^\n]{0,40}overlay|overlays? = \[|vcpkg[^\n]{0,30}overlay|overlay-(?:ports|triplets)|kustomiz|overlays\/[\w-]{1,30}\/kustomization/i,
  /\b(?:webpack|vite|next\.?js|react|hmr|css|z-index|modal|dialog|click|element)\b[^\n]{0,60}overlay|overlay[^\n]{0,60}(?:modal|z-index|click|plugin\.vue|hmr|component|widget|window manager|compositor)|picom|overlay plane|drm[^\n]{0,30}overlay|ffmpeg[^\n]{0,60}overlay|overlay filter|hardware overlay|screen overlay|OpenLDAP|slapd|slapo-/i,
]

/** What only overlayfs has. */
const OVERLAYFS = /(?<!steam[ _-]?)overlayfs|superblock on overlay\b|special device overlay\b|lowerdir|upperdir|overlay2|\/merged\b|overlay mount|-t overlay|snapshotter|fuse-overlay/i

export const elsewhere: Family = ({ lines, sentences }) => {
  if (sentences.length > 0 || lines.some(({ text }) => OVERLAYFS.test(text.slice(0, 4000)))) return []
  const line = lines.find(({ text }) => ELSEWHERE.some((words) => words.test(text.slice(0, 4000))))
  return line === undefined ? [] : [{ code: 'not-overlayfs', weight: TOOL + 4, because: line.text, sure: true }]
}

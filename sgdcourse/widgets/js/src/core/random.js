// Seeded random numbers, the same in the page, under Node and in sgdcourse.widgets._random.

/** Uniform numbers in [0, 1) with 32 bits: Mulberry32 (Tommy Ettinger, public domain). */
export function uniform(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** `count` standard normal numbers by Box and Muller, two from each pair of uniform ones. */
export function normals(seed, count) {
  const draw = uniform(seed);
  const out = new Float64Array(count + (count % 2));
  for (let i = 0; i < out.length; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - draw()));
    const angle = 2 * Math.PI * draw();
    out[i] = radius * Math.cos(angle);
    out[i + 1] = radius * Math.sin(angle);
  }
  return out.subarray(0, count);
}

/** Seed of walker `k` in the ensemble of `seed`: walker 0 has the seed itself. */
export const walkerSeed = (seed, k) => (seed + Math.imul(k, 0x9e3779b9)) >>> 0;

// Bundle every explorer into one self-contained ES module: `node build.mjs [--out FOLDER]`.
// A build into the package also stores a fingerprint of sources and bundles, for the test
// that tells whether they belong together.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const at = process.argv.indexOf("--out");
const outdir = at > 0 ? process.argv[at + 1] : join(here, "..", "static");
const kinds = ["descent", "noise_ball", "batch_size", "momentum", "schedule"];

await build({
  absWorkingDir: here,
  entryPoints: kinds.map((kind) => `src/${kind}.js`),
  outdir,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  banner: { js: "// Built from sgdcourse/widgets/js by `make bundles`; contains d3 (ISC licence, Mike Bostock)." },
});

if (at < 0) {
  const sources = readdirSync(join(here, "src"), { recursive: true })
    .filter((name) => name.endsWith(".js"))
    .map((name) => `js/src/${name.replaceAll("\\", "/")}`);
  const files = [
    ...sources, "js/build.mjs", "js/package-lock.json", "parameters.json", ...kinds.map((kind) => `static/${kind}.mjs`),
  ].sort();
  const digest = createHash("sha256");
  for (const name of files) {
    digest.update(name);
    digest.update(readFileSync(join(here, "..", name), "utf8").replaceAll("\r\n", "\n"));
  }
  writeFileSync(join(here, "bundles.sha256"), `${digest.digest("hex")}\n`);
}

// Bundle every explorer into one self-contained ES module: `node build.mjs [--out FOLDER]`.
import { build } from "esbuild";
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

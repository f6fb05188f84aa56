// Writes what is in the release binary, as CycloneDX JSON: node scripts/sbom.mjs FILE [TARGET]
//
// Crates that are linked, the C libraries that some of them bring, and the npm packages that build.rs embeds. Crates
// that only run while building (macros, build scripts) or testing are left out. Equal sources give equal bytes.
// docs/decisions/0052-what-comes-from-outside-is-checked.md says why no finished tool writes it.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");

// The crates whose C code is compiled and linked: the library, its licence, and where its version is written.
const C_LIBRARIES = {
  "openssl-src": { name: "openssl", license: "Apache-2.0", version: ({ version }) => version.split("+")[1] },
  "pq-src": { name: "libpq", license: "PostgreSQL", version: ({ version }) => version.split("+libpq-")[1] },
  "libsqlite3-sys": {
    name: "sqlite",
    license: "blessing",
    version: ({ manifest_path }) =>
      readFileSync(join(dirname(manifest_path), "sqlite3/sqlite3.h"), "utf8").match(
        /#define SQLITE_VERSION +"(.+)"/,
      )[1],
  },
};

function runCargo(...parts) {
  return execFileSync(process.env.CARGO ?? "cargo", parts, { cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 28 });
}

/** The names and versions that `cargo tree` lists, as `NAME VERSION`. Unlike `cargo metadata`, it tells features of the
 * build and of the tests from those of the binary. */
function listCrates(target, kinds) {
  const lines = runCargo(
    "tree",
    "--locked",
    "--edges",
    kinds,
    "--target",
    target,
    "--prefix",
    "none",
    "--format",
    "{p}",
  );
  const crates = lines.split("\n").filter(Boolean);
  return new Set(crates.map((line) => line.split(" ").slice(0, 2).join(" ").replace(" v", " ")));
}

function findLinkedCrates(target) {
  const linked = listCrates(target, "normal,no-proc-macro");
  for (const crate of listCrates(target, "normal,build,no-proc-macro")) {
    // A build script compiles what lies in them, and the binary links it.
    if (crate.split(" ")[0] in C_LIBRARIES) linked.add(crate);
  }
  return linked;
}

function readChecksums() {
  const lock = readFileSync(join(ROOT, "Cargo.lock"), "utf8");
  const packages = lock.matchAll(/name = "(.+)"\nversion = "(.+)"\nsource = ".+"\nchecksum = "(.+)"/g);
  return new Map([...packages].map(([, name, version, checksum]) => [`${name} ${version}`, checksum]));
}

function describeCrate(crate, checksum) {
  const purl = `pkg:cargo/${crate.name}@${encodeURIComponent(crate.version)}`;
  const component = {
    type: "library",
    "bom-ref": purl,
    name: crate.name,
    version: crate.version,
    hashes: [{ alg: "SHA-256", content: checksum }],
    // Crates from before SPDX expressions separate choices with a slash.
    licenses: [{ expression: crate.license.replaceAll(/ ?\/ ?/g, " OR ") }],
    purl,
  };
  const library = C_LIBRARIES[crate.name];
  return library ? { ...component, components: [describeCLibrary(library, crate)] } : component;
}

function describeCLibrary({ name, license, version }, crate) {
  const purl = `pkg:generic/${name}@${version(crate)}`;
  return { type: "library", "bom-ref": purl, name, version: version(crate), licenses: [{ expression: license }], purl };
}

function describeCrates(target) {
  const metadata = JSON.parse(runCargo("metadata", "--locked", "--format-version", "1", "--filter-platform", target));
  const linked = findLinkedCrates(target);
  const checksums = readChecksums();
  const packages = metadata.packages.filter(({ name, version }) => linked.delete(`${name} ${version}`));
  if (linked.size > 0) throw new Error(`cargo metadata does not know ${[...linked].join(", ")}`);
  const own = packages.find(({ name }) => name === "lockstep");
  const crates = packages.filter((crate) => crate !== own);
  return { own, crates: crates.map((crate) => describeCrate(crate, checksums.get(`${crate.name} ${crate.version}`))) };
}

function describeNpmPackages() {
  const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  const embedded = Object.entries(packages).filter(([path, { dev }]) => path !== "" && !dev);
  return embedded.map(([path, { version, license, integrity }]) => {
    const name = path.replace("node_modules/", "");
    const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
    const content = Buffer.from(integrity.replace("sha512-", ""), "base64").toString("hex");
    const hashes = [{ alg: "SHA-512", content }];
    // htmx writes an id that SPDX does not have.
    const licenses = [{ expression: license.replace("BSD-0-Clause", "0BSD") }];
    return { type: "library", "bom-ref": purl, name, version, hashes, licenses, purl };
  });
}

function describeBinary(target) {
  const { own, crates } = describeCrates(target);
  const purl = `pkg:cargo/${own.name}@${own.version}`;
  const components = [...crates, ...describeNpmPackages()];
  components.sort((a, b) => (a.purl < b.purl ? -1 : 1));
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: { type: "application", "bom-ref": purl, name: own.name, version: own.version, purl },
      properties: [{ name: "lockstep:target", value: target }],
    },
    components,
  };
}

const [file, target = runCargo("-vV").match(/^host: (.+)$/m)[1]] = process.argv.slice(2);
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, `${JSON.stringify(describeBinary(target), null, 2)}\n`);
console.log(`${file}: what is in the release binary for ${target}`);

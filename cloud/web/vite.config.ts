import react from "@vitejs/plugin-react";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Plugin, Rolldown } from "vite";
import { defineConfig } from "vitest/config";

const CLOUD = "http://127.0.0.1:8080";

// The whole first load, gzipped: page, styles, map and its worker, font. Pages that come later are not in it.
const BUDGET_KB = 650;

async function sizeOf(path: string): Promise<number> {
  const bytes = await readFile(path);
  return path.endsWith(".woff2") ? bytes.length : gzipSync(bytes, { level: 9 }).length;
}

type Bundle = Rolldown.OutputBundle;

/** A chunk and what it imports at once. */
function withImports(bundle: Bundle, name: string, seen: Set<string> = new Set()): Set<string> {
  const chunk = bundle[name];
  if (seen.has(name) || chunk?.type !== "chunk") return seen;
  seen.add(name);
  for (const imported of chunk.imports) withImports(bundle, imported, seen);
  return seen;
}

/** Chunks that wait until somebody opens their page, and styles that only they want. */
function comesLater(bundle: Bundle): string[] {
  const chunks = Object.values(bundle).filter((part) => part.type === "chunk");
  const entry = chunks.find((chunk) => chunk.isEntry);
  const first = entry === undefined ? new Set() : withImports(bundle, entry.fileName);
  const later = chunks.filter((chunk) => !first.has(chunk.fileName));
  const styles = (of: typeof chunks) => of.flatMap((chunk) => Array.from(chunk.viteMetadata?.importedCss ?? []));
  const wanted = styles(chunks.filter((chunk) => first.has(chunk.fileName)));
  return [...later.map((chunk) => chunk.fileName), ...styles(later).filter((name) => !wanted.includes(name))];
}

function firstLoadBudget(): Plugin {
  return {
    name: "first-load-budget",
    apply: "build",
    async writeBundle({ dir = "dist" }, bundle) {
      const later = comesLater(bundle);
      const first = Object.keys(bundle).filter((name) => !later.includes(name));
      const sizes = await Promise.all(first.map((name) => sizeOf(join(dir, name))));
      const total = sizes.reduce((sum, size) => sum + size, 0) / 1000;
      this.info(`first load ${total.toFixed(0)} kB gzipped of ${BUDGET_KB}`);
      if (total > BUDGET_KB) this.error(`first load is ${total.toFixed(0)} kB gzipped; the budget is ${BUDGET_KB}`);
    },
  };
}

export default defineConfig({
  plugins: [react(), firstLoadBudget()],
  build: {
    target: "es2023",
    // The page's policy is `font-src 'self'` and `script-src 'self'`: nothing may become a data: address or an inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1600, // kB; MapLibre alone is 1,058
  },
  worker: { format: "es" },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": { target: CLOUD, ws: true } },
  },
  test: {
    isolate: false, // one document for all: making one for each file takes longer than the tests
    include: ["tests/**/*.test.{ts,tsx}"],
    environment: "happy-dom",
  },
});

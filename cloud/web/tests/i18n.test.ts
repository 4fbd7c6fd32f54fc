import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import firstEn from "../src/i18n/en.json";
import fleetEn from "../src/i18n/fleet.en.json";
import fleetVi from "../src/i18n/fleet.vi.json";
import groupEn from "../src/i18n/group.en.json";
import groupVi from "../src/i18n/group.vi.json";
import lightEn from "../src/i18n/light.en.json";
import lightVi from "../src/i18n/light.vi.json";
import peopleEn from "../src/i18n/people.en.json";
import peopleVi from "../src/i18n/people.vi.json";
import firstVi from "../src/i18n/vi.json";
import "../src/i18n/fleet";
import "../src/i18n/group";
import "../src/i18n/light";
import "../src/i18n/people";
import { fill, isTextKey, placeholders, translate, wordFor } from "../src/i18n/dictionary";
import { problemKey } from "../src/shared/problemText";
import { BrokenPart } from "../src/shared/problemText";
import { Refused, Unreachable } from "../src/api/errors";

const SOURCE = join(import.meta.dirname, "../src");
const laterVi = { ...peopleVi, ...lightVi, ...groupVi, ...fleetVi };
const vi = { ...firstVi, ...laterVi };
const en = { ...firstEn, ...peopleEn, ...lightEn, ...groupEn, ...fleetEn };
const keys = Object.keys(vi).filter(isTextKey);

function filesUnder(folder: string, ending: RegExp): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => ending.test(name) && !name.endsWith(".d.ts"))
    .map((name) => join(folder, name));
}

describe("the two dictionaries", () => {
  it("have the same keys in the same order", () => {
    expect(Object.keys(en)).toEqual(Object.keys(vi));
  });

  it.each(keys)("%s has the same placeholders in both languages", (key) => {
    expect(placeholders(en[key])).toEqual(placeholders(vi[key]));
  });

  it("say nothing twice: a text that comes with the first load does not come again", () => {
    const all = [firstVi, peopleVi, lightVi, groupVi, fleetVi].flatMap((texts) => Object.keys(texts));
    const seen = new Set<string>();
    expect(all.filter((key) => seen.size === seen.add(key).size)).toEqual([]);
  });

  it("leave no text empty", () => {
    expect(keys.filter((key) => vi[key].trim() === "" || en[key].trim() === "")).toEqual([]);
  });

  it("say nothing in Vietnamese letters in English", () => {
    expect(keys.filter((key) => /[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]/i.test(en[key]))).toEqual([]);
  });
});

describe("a text", () => {
  it("takes its values by name", () => {
    expect(fill("{a} of {b}", { a: 1, b: "ten" })).toBe("1 of ten");
  });

  it("keeps a placeholder that nobody filled, so that it is seen", () => {
    expect(fill("{a} of {b}", { a: 1 })).toBe("1 of {b}");
  });

  it("is found in both languages", () => {
    expect([translate("vi", "lamp_state.fault"), translate("en", "lamp_state.fault")]).toEqual(["Lỗi", "Fault"]);
  });

  it("for a code that has no word is the code itself", () => {
    expect(wordFor("en", "quantity", "sunshine")).toBe("sunshine");
  });
});

describe("a problem", () => {
  it.each([
    [new Unreachable("x"), "problem.unreachable"],
    [new Refused(403, "whatever"), "problem.forbidden"],
    [new Refused(404, "whatever"), "problem.not_found"],
    [new Refused(429, "too_many_tries"), "problem.too_many_tries"],
    [new Refused(500, "whatever"), "problem.refused"],
    [new BrokenPart(), "problem.broken_part"],
    [new TypeError("ours"), "problem.refused"],
  ])("%s has a text", (error, key) => {
    expect(problemKey(error)).toBe(key);
  });
});

const SEEN_ATTRIBUTES = new Set(["alt", "aria-label", "aria-valuetext", "label", "placeholder", "title"]);
const HAS_LETTER = /\p{L}/u;

/** Texts in the markup itself, which a person would see in one language only. */
function hardCoded(file: string): string[] {
  const tree = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const found: string[] = [];
  const look = (node: ts.Node): void => {
    if (ts.isJsxText(node) && HAS_LETTER.test(node.text)) found.push(node.text.trim());
    if (isSeenAttribute(node) && HAS_LETTER.test(node.initializer.text)) found.push(node.initializer.text);
    ts.forEachChild(node, look);
  };
  look(tree);
  return found;
}

function isSeenAttribute(node: ts.Node): node is ts.JsxAttribute & { initializer: ts.StringLiteral } {
  return (
    ts.isJsxAttribute(node) &&
    SEEN_ATTRIBUTES.has(node.name.getText()) &&
    node.initializer !== undefined &&
    ts.isStringLiteral(node.initializer)
  );
}

describe("the markup", () => {
  const files = filesUnder(SOURCE, /\.tsx$/);

  it("is looked at", () => {
    expect(files.length).toBeGreaterThan(15);
  });

  it.each(files)("%s holds no text of its own", (file) => {
    expect(hardCoded(file)).toEqual([]);
  });

  it("would be caught if it did", () => {
    const caught = hardCoded(join(import.meta.dirname, "hardCodedText.tsx"));
    expect(caught.toSorted()).toEqual(["also seen", "seen"]);
  });
});

/** What is loaded with a file: what it imports, but not what it brings with `import()` when it is wanted. */
function loadedWith(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, from] of readFileSync(file, "utf8").matchAll(/^(?:import (?!type)|\} from |export .* from )[^;]*?"(\.[^"]+)"/gm)) {
    const found = ["", ".ts", ".tsx"].map((ending) => join(file, "..", `${from}${ending}`)).find((name) => /\.tsx?$/.test(name) && existsSync(name));
    if (found !== undefined) loadedWith(found, seen);
  }
  return seen;
}

describe("a text that comes later", () => {
  const main = join(SOURCE, "main.tsx");

  it("is not asked for by what comes first", () => {
    const first = [...loadedWith(main)];
    expect(first.length).toBeGreaterThan(40);
    const asked = first.flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/"([a-z_]+\.[\w.]+)"/g)].filter(([, key]) => key !== undefined && key in laterVi).map(([, key]) => `${file}: ${key}`),
    );
    expect(asked).toEqual([]);
  });
});

describe("every key", () => {
  const text = filesUnder(SOURCE, /\.tsx?$/)
    .map((file) => readFileSync(file, "utf8"))
    .join("\n");
  // Families that are looked up by a code of the service: `word("role", …)`, `t(`nav.${view}`)`.
  const families = new Set(
    [...text.matchAll(/word(?:For)?\((?:\w+, )?"([\w.]+)"/g), ...text.matchAll(/`([a-z_.]+?)[._]\$\{/g)].map((match) => match[1] ?? ""),
  );

  it("is used somewhere", () => {
    const unused = keys.filter(
      (key) => !text.includes(`"${key}"`) && ![...families].some((family) => key.startsWith(`${family}.`) || key.startsWith(`${family}_`)),
    );
    expect(unused).toEqual([]);
  });
});

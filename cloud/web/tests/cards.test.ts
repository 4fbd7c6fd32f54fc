import { describe, expect, it } from "vitest";
import { nameCells } from "../src/shared/TableScroll";

const CARDS = `<table class="cards"><thead><tr><th>Who</th><th>Until</th></tr></thead>
<tbody><tr><th>lan</th><td>22:24</td></tr><tr><th>tho</th><td></td></tr></tbody></table>`;

function placed(html: string): HTMLElement {
  const place = document.createElement("div");
  place.innerHTML = html;
  nameCells(place);
  return place;
}

const heads = (place: HTMLElement) => Array.from(place.querySelectorAll("tbody > tr > *"), (cell) => cell.getAttribute("data-head"));

describe("a row that a phone shows as a card", () => {
  it("says of each cell which column it is", () => {
    expect(heads(placed(CARDS))).toEqual(["Who", "Until", "Who", "Until"]);
  });

  it("speaks the other language after the head has changed", () => {
    const place = placed(CARDS);
    place.querySelectorAll("thead th").forEach((head, n) => (head.textContent = ["Ai", "Đến"][n] ?? ""));
    nameCells(place);
    expect(heads(place)).toEqual(["Ai", "Đến", "Ai", "Đến"]);
  });

  it("leaves a table alone that stays a table", () => {
    expect(heads(placed(CARDS.replace("cards", "tree")))).toEqual([null, null, null, null]);
  });
});

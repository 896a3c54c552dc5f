/** Rows of a table, made of text: what came from others never becomes markup. */

/** A cell; `as` may have `head` (it names the row), `number`, `className`, `state` and `title`. */
export function cell(text, { head = false, number = false, className = "", state, title } = {}) {
  const made = document.createElement(head ? "th" : "td");
  if (head) made.scope = "row";
  if (number) made.className = "number";
  if (title) made.title = title;
  const inner = state || className ? made.appendChild(document.createElement("span")) : made;
  if (className) inner.className = className;
  if (state) Object.assign(inner, { className: "state" }).dataset.state = state;
  inner.textContent = text;
  return made;
}

/** Put rows, each a list of cells, in place of those that the body of a table has. */
export function fill(body, rows) {
  body.replaceChildren(
    ...rows.map((cells) => {
      const row = document.createElement("tr");
      row.append(...cells);
      return row;
    }),
  );
}

/** Put terms and what they are, in pairs, in place of those that a `dl` has. */
export function fillPairs(list, pairs) {
  list.replaceChildren(
    ...pairs.map(([term, text]) => {
      const pair = document.createElement("div");
      const [dt, dd] = [document.createElement("dt"), document.createElement("dd")];
      [dt.textContent, dd.textContent] = [term, text];
      pair.append(dt, dd);
      return pair;
    }),
  );
}

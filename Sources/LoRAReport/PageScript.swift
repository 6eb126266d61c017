extension PageAssets {
  /// Sorting by columns, as an addition: without it the tables stand in their given order.
  static let scriptText = """
    "use strict";
    for (const table of document.querySelectorAll("table.sortable")) {
      const heads = table.tHead.rows[0].cells;
      for (let column = 0; column !== heads.length; column++) {
        const head = heads[column];
        const button = document.createElement("button");
        button.type = "button";
        button.append(...head.childNodes);
        head.append(button);
        button.addEventListener("click", () => {
          const falls = head.getAttribute("aria-sort") === "descending";
          for (const other of heads) other.removeAttribute("aria-sort");
          head.setAttribute("aria-sort", falls ? "ascending" : "descending");
          const body = table.tBodies[0];
          const key = row => row.cells[column].dataset.v ?? row.cells[column].textContent;
          const rows = Array.from(body.rows, row => [key(row), row]);
          const numeric = head.classList.contains("n");
          rows.sort(([a], [b]) => {
            const order = numeric ? (a === "" ? -Infinity : Number(a)) - (b === "" ? -Infinity : Number(b)) || 0
              : a.localeCompare(b, "en", { numeric: true });
            return falls ? order : -order;
          });
          body.append(...rows.map(([, row]) => row));
        });
      }
    }

    """
}

// Sorts a table by the column whose heading is pressed: by data-sort where a cell has it.
document.querySelectorAll('table.sortable').forEach(function (table) {
  table.querySelectorAll('thead th').forEach(function (head, column) {
    var button = document.createElement('button');
    button.type = 'button';
    while (head.firstChild) button.appendChild(head.firstChild);
    head.appendChild(button);
    head.setAttribute('aria-sort', 'none');
    button.addEventListener('click', function () {
      var rising = head.getAttribute('aria-sort') !== 'ascending';
      var body = table.tBodies[0];
      var key = function (row) {
        var cell = row.cells[column];
        return cell.dataset.sort !== undefined ? cell.dataset.sort : cell.textContent;
      };
      var rows = Array.prototype.slice.call(body.rows).sort(function (a, b) {
        var x = key(a), y = key(b), p = parseFloat(x), q = parseFloat(y);
        var order = isNaN(p) || isNaN(q) ? x.localeCompare(y) : p === q ? 0 : p < q ? -1 : 1;
        return rising ? order : -order;
      });
      table.querySelectorAll('thead th').forEach(function (h) { h.setAttribute('aria-sort', 'none'); });
      head.setAttribute('aria-sort', rising ? 'ascending' : 'descending');
      rows.forEach(function (row) { body.appendChild(row); });
    });
  });
});

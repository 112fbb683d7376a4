#include "page.hpp"

#include <cstdlib>
#include <filesystem>
#include <fmt/core.h>
#include <fstream>
#include <iterator>

#include "chart.hpp"
#include "json_output.hpp"
#include "ohmic/core/reflect.hpp"

namespace program_cli {

namespace {

constexpr char const* page_style =
    R"(body{font:14px/1.5 sans-serif;margin:2em;max-width:75em;color:#111;background:#fff}
h1{font-size:1.5em}h2{font-size:1.2em;margin-top:2em;border-bottom:1px solid #ccc}
table{border-collapse:collapse;margin:.5em 0}caption{text-align:left;color:#444}td,th{padding:.15em .7em;border-bottom:1px solid #ddd;text-align:left;
vertical-align:top;font-variant-numeric:tabular-nums}th{background:#f2f2f2;position:sticky;top:0}
figure{margin:1.5em 0}figure svg{max-width:100%;height:auto}figcaption,.note{color:#444;max-width:60em}
button,summary{cursor:pointer}:focus-visible{outline:3px solid #0072b2}.scroll{max-height:32em;overflow:auto}
.notice{background:#fff6dd;border-left:4px solid #e69f00;padding:.5em 1em}[hidden]{display:none}
@media print{button,details:not([open]){display:none}})";

/// Draws the charts, lists what is selected, copies tables, and counts what goes wrong, which tests read.
constexpr char const* page_script = R"(
'use strict';
const root = document.documentElement;
let problems = 0;
const problem = text => { problems += 1; root.dataset.problems = String(problems); root.dataset.problem = String(text); };
window.addEventListener('error', e => problem(e.message));
window.addEventListener('unhandledrejection', e => problem(e.reason));
document.addEventListener('securitypolicyviolation', e => problem(e.violatedDirective + ' ' + e.blockedURI));
root.dataset.problems = '0';
// True only if the clipboard took it. Pages of files have no clipboard interface in some browsers: there the older way is tried.
const copied = async text => {
  try { await navigator.clipboard.writeText(text); return true; } catch (e) {}
  let taken = false;
  const put = e => { e.clipboardData.setData('text/plain', text); e.preventDefault(); taken = true; };
  document.addEventListener('copy', put);
  try { taken = document.execCommand('copy') && taken; } catch (e) { taken = false; }
  document.removeEventListener('copy', put);
  return taken;
};
for (const button of document.querySelectorAll('button.copy')) {
  button.addEventListener('click', async () => {
    const table = button.parentElement.querySelector('table');
    const rows = [...table.rows].map(r => [...r.cells].map(c => c.textContent).join('\t'));
    const done = await copied(rows.join('\n'));
    if (!done) getSelection().selectAllChildren(table);
    button.textContent = done ? 'Copied' : 'Not copied: the table is selected, press Ctrl+C';
  });
}
const specs = JSON.parse(document.getElementById('charts').textContent);
const listed = (figure, spec, frame) => {
  const list = figure.querySelector('.chosen');
  const inside = (v, r) => !r || (v >= Math.min(...r) && v <= Math.max(...r));
  const [fx, fy] = [frame && frame.x, frame && frame.y];
  const rows = fx || fy ? spec.data.values.filter(d => inside(d.x, fx) && inside(d.y, fy)) : [];
  list.textContent = rows.length ? rows.length + ' in the frame: ' + rows.slice(0, 20).map(d => d.label).join(' | ') : '';
};
for (const [i, spec] of specs.entries()) {
  const figure = document.getElementById('chart-' + i), values = spec.data.values;
  let at = -1;
  figure.addEventListener('keydown', e => {
    if (e.target !== figure || !['ArrowRight', 'ArrowLeft', 'Escape'].includes(e.key)) return;
    e.preventDefault();
    if (e.key === 'Escape') at = -1;
    else at = e.key === 'ArrowRight' ? (at + 1) % values.length : (at < 1 ? values.length : at) - 1;
    figure.querySelector('.chosen').textContent = at < 0 ? '' : values[at].label;
  });
}
const draw = async () => {
  if (typeof vegaEmbed !== 'function') { root.dataset.drawn = 'plain'; return; }
  for (const [i, spec] of specs.entries()) {
    const figure = document.getElementById('chart-' + i);
    const place = figure.querySelector('.vega');
    const drawn = await vegaEmbed(place, spec, {mode: 'vega-lite', renderer: 'svg', ast: true,
      expr: vega.expressionInterpreter, actions: false, loader: vega.loader({http: {}, file: false})});
    figure.querySelector('.plain').hidden = true;
    if (spec.params) drawn.view.addSignalListener('chosen', (name, frame) => listed(figure, spec, frame));
  }
  root.dataset.drawn = 'vega';
};
draw().catch(problem);
)";

/// Text inside a script element: nothing in it can end the element.
std::string inert(std::string const& text) {
  std::string out;
  for (char c : text) out += c == '<' ? std::string("\\u003c") : std::string(1, c);
  return out;
}

std::filesystem::path data_folder() {
  auto const value = [](char const* name) {
    char const* const text = std::getenv(name);
    return std::string(text == nullptr ? "" : text);
  };
  if (auto const data = value("OHMIC_DATA"); !data.empty()) return data;
  if (auto const cache = value("XDG_CACHE_HOME"); !cache.empty()) return std::filesystem::path(cache) / "ohmic";
  return std::filesystem::path(value("HOME")) / ".cache" / "ohmic";
}

constexpr std::size_t long_table = 60;

std::string table_html(table const& rows, std::string_view caption) {
  std::string out = "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"" +
                    escaped(caption.empty() ? "Table" : caption) +
                    "\"><button class=\"copy\" aria-live=\"polite\">Copy</button><table>\n";
  if (!caption.empty()) out += "<caption>" + escaped(caption) + "</caption>\n";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out += "<tr>";
    for (auto const& cell : rows[i])
      out += (i == 0 ? "<th scope=\"col\">" : "<td>") + escaped(cell) + (i == 0 ? "</th>" : "</td>");
    out += "</tr>\n";
  }
  return out + "</table></div>\n";
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        // Control characters belong in no document; a line end is a blank.
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

std::vector<std::string> const& vega_scripts() {
  static std::vector<std::string> const scripts = [] {
    std::vector<std::string> out;
    for (char const* name : {"vega.min.js", "vega-lite.min.js", "vega-interpreter.min.js", "vega-embed.min.js"}) {
      std::ifstream in(data_folder() / "vega" / name, std::ios::binary);
      std::string text{std::istreambuf_iterator<char>(in), {}};
      // A script that holds its own end, or the start of a comment of HTML, cannot stand in a page.
      if (text.empty() || text.find("</script") != text.npos || text.find("<!--") != text.npos)
        return std::vector<std::string>();
      out.push_back(std::move(text));
    }
    return out;
  }();
  return scripts;
}

page::page(std::string_view title) : title_(title) {}

page& page::heading(std::string_view text) {
  body_ += "<h2>" + escaped(text) + "</h2>\n";
  return *this;
}
page& page::paragraph(std::string_view text) {
  body_ += "<p>" + escaped(text) + "</p>\n";
  return *this;
}
page& page::add(table const& rows, std::string_view caption) {
  bool const folded = rows.size() > long_table;
  if (folded)
    body_ += "<details><summary>" + escaped(caption.empty() ? "Table" : caption) +
             fmt::format(", {} rows</summary>", rows.size() - 1);
  body_ += table_html(rows, caption);
  if (folded) body_ += "</details>\n";
  return *this;
}
page& page::add(chart const& c) {
  if (c.items.empty()) return *this;
  body_ += fmt::format(
      "<figure id=\"chart-{}\" tabindex=\"0\" role=\"group\" aria-label=\"{}\"><div class=\"vega\"></div>"
      "<div class=\"plain\">{}</div>",
      charts_++, escaped(c.title), svg_of(c));
  body_ += "<figcaption>" + escaped(c.note) + "</figcaption><p class=\"chosen\" aria-live=\"polite\"></p>";
  body_ += "<details><summary>Numbers of this chart</summary>";
  body_ += table_html(table_of(c), {}) + "</details></figure>\n";
  specs_ += (specs_.empty() ? "" : ",\n") + vega_of(c).dump();
  return *this;
}
page& page::result(std::string const& json_text) {
  result_ = json_text;
  return *this;
}

std::string page::html() const {
  auto const nonce = fmt::format("{:016x}{:016x}", ohmic::fingerprint(body_ + result_),
                                 ohmic::fingerprint(result_ + title_ + specs_, 0x9e3779b97f4a7c15));
  std::string const script = "<script nonce=\"" + nonce + "\">";
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" "
      "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
      "script-src 'nonce-" +
      nonce + "'\">\n<meta name=\"viewport\" content=\"width=device-width\"><title>" + escaped(title_) +
      "</title>\n<style>" + page_style + "</style></head>\n<body><h1>" + escaped(title_) + "</h1>\n";
  if (charts_ > 0 && vega_scripts().empty())
    out +=
        "<p class=\"notice\">Charts are plain SVG here: Vega-Lite was not found. Where npm is present, bash "
        "examples/reports/fetch_vega.sh fetches it once, and pages written after that answer to the pointer.</p>\n";
  if (charts_ > 0)
    out +=
        "<p class=\"note\">By keyboard: Tab goes to a chart or table, the right and left arrows through the values of "
        "a "
        "chart, Escape ends that.</p>\n";
  out += "<main>" + body_ + "</main>\n";
  out += "<script type=\"application/json\" id=\"result\">" + inert(result_.empty() ? "null" : result_) + "</script>\n";
  out += "<script type=\"application/json\" id=\"charts\">[" + inert(specs_) + "]</script>\n";
  if (charts_ > 0)
    for (auto const& s : vega_scripts()) out += script + s + "</script>\n";
  return out + script + page_script + "</script>\n</body></html>\n";
}

void page::write(std::string const& file) const { write_whole(file, html()); }

}  // namespace program_cli

// --report and --svg: pages that open without a network, show what the JSON says, and run nothing that a name slips in.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "run_program.hpp"
#include "support/catch.hpp"

using nlohmann::json;
using ohmic_test::contains;
using ohmic_test::read_json;
using ohmic_test::refused;
using ohmic_test::run_program;
using ohmic_test::scratch_folder;

namespace {

std::string text_of(std::filesystem::path const& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// What stands in <script type="application/json" id="..">.
json embedded(std::string const& page, std::string const& id) {
  std::string const begin = "id=\"" + id + "\">";
  auto const from = page.find(begin);
  REQUIRE(from != page.npos);
  auto const to = page.find("</script>", from);
  return json::parse(page.substr(from + begin.size(), to - from - begin.size()));
}

/// A run with a page and its JSON, without what Vega-Lite there may be on this machine.
struct reported : scratch_folder {
  explicit reported(std::string const& arguments, bool with_vega = false) {
    char const* const before = std::getenv("OHMIC_DATA");
    std::string const kept = before == nullptr ? "" : before;
    if (!with_vega) setenv("OHMIC_DATA", path().c_str(), 1);
    auto const r = run_program(arguments + " --quiet --json " + (*this / "r.json") + " --report " + (*this / "r.html") +
                               " --svg " + (*this / "charts"));
    if (!with_vega) before == nullptr ? unsetenv("OHMIC_DATA") : setenv("OHMIC_DATA", kept.c_str(), 1);
    INFO(r.text);
    REQUIRE(r.status == 0);
    result = read_json(path() / "r.json");
    page = text_of(path() / "r.html");
  }
  [[nodiscard]] std::vector<std::string> charts() const {
    std::vector<std::string> names;
    for (auto const& f : std::filesystem::directory_iterator(path() / "charts"))
      names.push_back(f.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
  json result;
  std::string page;
};

/// Elements open and close in order, as XML asks.
void check_well_formed(std::string const& svg) {
  std::vector<std::string> open;
  std::regex const tag("<(/?)([a-z]+)([^<>]*?)(/?)>");
  for (std::sregex_iterator i(svg.begin(), svg.end(), tag), end; i != end; ++i) {
    auto const& m = *i;
    if (m[1].length() == 0 && m[4].length() == 0) open.push_back(m[2]);
    if (m[1].length() == 0) continue;
    REQUIRE_FALSE(open.empty());
    CHECK(open.back() == m[2]);
    open.pop_back();
  }
  CHECK(open.empty());
  CHECK(svg.find("nan") == std::string::npos);
  CHECK(svg.find("inf") == std::string::npos);
}

std::string chromium() {
  for (char const* name : {"chromium", "chromium-browser", "google-chrome"})
    if (std::system((std::string("command -v ") + name + " >/dev/null 2>&1").c_str()) == 0) return name;
  return "";
}

/// The page as a browser has it after its scripts ran, and one of ours that the page lets run.
std::string rendered(reported const& r, std::string const& browser, std::string const& script = {}) {
  std::smatch nonce;
  REQUIRE(std::regex_search(r.page, nonce, std::regex("<script nonce=\"[0-9a-f]{32}\">")));
  r.write("shown.html", r.page + (script.empty() ? "" : nonce.str() + script + "</script>"));
  std::string const command =
      browser + " --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir=" + (r / "profile") +
      " --virtual-time-budget=20000 --enable-logging=stderr --v=0 --dump-dom 'file://" +
      (r.path() / "shown.html").string() + "' 2>" + (r / "browser.log");
  FILE* const pipe = popen(command.c_str(), "r");
  std::string dom;
  std::array<char, 65536> buffer{};
  while (std::size_t const n = std::fread(buffer.data(), 1, buffer.size(), pipe)) dom.append(buffer.data(), n);
  pclose(pipe);
  return dom;
}

}  // namespace

TEST_CASE("report: a page of cost holds the JSON, its sources, a policy, and no address of a network") {
  reported const r("cost --model bert_large --decode 4 --compare isaac,a100 --sensitivity");
  auto shown = embedded(r.page, "result");
  shown.erase("run");
  auto expected = r.result;
  expected.erase("run");
  CHECK(shown == expected);
  CHECK_THAT(r.page, contains("Content-Security-Policy"));
  CHECK_THAT(r.page, contains("default-src 'none'"));
  CHECK_THAT(r.page, contains("Vega-Lite was not found"));
  CHECK_THAT(r.page, contains("ohmic cost --model bert_large --decode 4 --compare isaac,a100 --sensitivity --quiet"));
  CHECK(r.page.find("src=") == std::string::npos);
  CHECK(r.page.find("href=") == std::string::npos);
  for (auto const& row : r.result["rows"]) {
    INFO(row.dump());
    CHECK_THAT(r.page, contains("<td>" + row["path"].get<std::string>() + "</td><td>" + row["count"].dump() + "</td>"));
  }
  for (auto const& [key, value] : r.result["config"].items()) CHECK_THAT(r.page, contains("<td>" + key + "</td>"));
  auto const names = r.charts();
  for (char const* name : {"area.svg", "energy_prefill.svg", "latency_prefill.svg", "floorplan.svg", "timeline.svg",
                           "compare_area.svg", "compare_energy_prefill.svg", "sensitivity_area.svg"})
    CHECK(std::count(names.begin(), names.end(), std::string(name)) == 1);
  for (auto const& name : names) {
    INFO(name);
    check_well_formed(text_of(r.path() / "charts" / name));
  }
}

TEST_CASE("report: charts have the numbers of the rows; parts on the floorplan have their areas and do not overlap") {
  reported const r("cost --model bert_base --decode 0");
  double area = 0.0;
  for (auto const& spec : embedded(r.page, "charts")) {
    auto const title = spec["title"].get<std::string>();
    auto const& values = spec["data"]["values"];
    if (title.starts_with("Area by part")) {
      double sum = 0.0;
      for (auto const& v : values) sum += v["x"].get<double>();
      CHECK(sum == Approx(r.result["area_mm2"].get<double>()).epsilon(1e-9));
    }
    if (title == "Floorplan to scale") {
      for (std::size_t i = 0; i < values.size(); ++i) {
        auto const at = [&](std::size_t k, char const* key) { return values[k][key].get<double>(); };
        area += (at(i, "x2") - at(i, "x")) * (at(i, "y2") - at(i, "y"));
        for (std::size_t k = i + 1; k < values.size(); ++k) {
          double const wide = std::min(at(i, "x2"), at(k, "x2")) - std::max(at(i, "x"), at(k, "x")),
                       high = std::min(at(i, "y2"), at(k, "y2")) - std::max(at(i, "y"), at(k, "y"));
          CHECK_FALSE((wide > 1e-9 && high > 1e-9));
        }
      }
    }
    if (title.starts_with("Timeline")) {
      std::set<std::string> stages;
      for (auto const& v : values) stages.insert(v["row"].get<std::string>());
      CHECK(stages.contains("sessions"));
      CHECK(stages.contains("caches"));
    }
  }
  CHECK(area == Approx(r.result["area_mm2"].get<double>()).epsilon(1e-9));
  // A layer's steps, so many times as there are layers, are the latency.
  double layer = 0.0;
  for (auto const& step : r.result["timeline"]) {
    double most = 0.0;
    for (auto const& [name, seconds] : step["stages_s"].items()) most = std::max(most, seconds.get<double>());
    layer += most;
  }
  CHECK(layer > r.result["latency_s"]["prefill"].get<double>() / 13.0);
  CHECK(layer < r.result["latency_s"]["prefill"].get<double>() / 11.0);
}

TEST_CASE("report: names are text, whatever they hold") {
  scratch_folder const folder;
  folder.write("mine.toml", "name = \"</script><script>alert(1)</script><img onerror='x'>\"\n[adc]\nbits = 6\n");
  reported const r("cost --model bert_base --chip " + (folder / "mine.toml"));
  CHECK(r.page.find("<script>") == std::string::npos);
  CHECK(r.page.find("<img") == std::string::npos);
  CHECK(embedded(r.page, "result")["chip"] == r.result["chip"]);
  for (auto const& name : r.charts()) {
    auto const chart = text_of(r.path() / "charts" / name);
    CHECK(chart.find("<script") == std::string::npos);
    CHECK_THAT(chart, contains("stamp " + r.result["stamp"]["hash"].get<std::string>()));
  }
}

TEST_CASE("report: a name that is no UTF-8 is shown as far as it is") {
  scratch_folder const folder;
  std::filesystem::create_directory_symlink(OHMIC_SOURCE_DIR "/examples/models/bert-wordnet", folder.path() /
                                                                                                  "a\xff"
                                                                                                  "b");
  auto const r = run_program("cost --model " +
                             (folder / "a\xff"
                                       "b") +
                             " --quiet --report " + (folder / "r.html"));
  INFO(r.text);
  REQUIRE(r.status == 0);
  CHECK_THAT(embedded(text_of(folder.path() / "r.html"), "result")["model"].get<std::string>(), contains("a\xef\xbf\xbd"
                                                                                                         "b"));
}

TEST_CASE("report: sweeps have their front, reproduce its differences") {
  scratch_folder const folder;
  folder.write(
      "s.toml",
      "model = \"bert_base\"\n[vary]\nadc.bits = [4, 6, 8]\ncost.duplication = [16, 64, 256]\n[objectives]\narea = "
      "\"min\"\nlatency = \"min\"\nenergy = \"min\"\n");
  reported const r("sweep --spec " + (folder / "s.toml") + " --output " + (folder / "s.sqlite"));
  CHECK(r.charts() == std::vector<std::string>{"area.svg", "energy_decode_per_token.svg", "energy_prefill.svg",
                                               "floorplan.svg", "latency_decode_per_token.svg", "latency_prefill.svg",
                                               "pareto.svg", "pareto_1.svg", "pareto_2.svg"});
  // The sources of what the points of the front cost, a chip's once.
  REQUIRE(r.result["sources"].size() == 1);
  auto const& source = r.result["sources"][0];
  CHECK(source["point"] == r.result["front"][0]["point"]);
  double area = 0.0;
  for (auto const& row : source["rows"]) {
    if (row["path"].get<std::string>().starts_with("area/")) area += row["total"].get<double>();
    CHECK_FALSE(row["source"].get<std::string>().empty());
    CHECK_THAT(r.page, contains("<td>" + row["path"].get<std::string>() + "</td><td>" + row["count"].dump() + "</td>"));
  }
  CHECK(area == Approx(r.result["front"][0]["area_mm2"].get<double>()).epsilon(1e-9));
  auto const charts = embedded(r.page, "charts");
  std::size_t front = 0;
  for (auto const& v : charts[0]["data"]["values"]) front += v["group"] == "not beaten" ? 1 : 0;
  CHECK(front == r.result["front"].size());
  CHECK(charts[0]["data"]["values"].size() == 9);
  CHECK(charts[0]["params"][0]["select"] == "interval");
  for (auto const& row : r.result["front"]) CHECK_THAT(r.page, contains("<td>" + row["area_mm2"].dump() + "</td>"));
  reported const p("reproduce");
  CHECK(p.charts() == std::vector<std::string>{"differences.svg"});
  for (auto const& row : p.result["rows"])
    CHECK_THAT(p.page, contains("<td>" + row["id"].get<std::string>() + "</td>"));
  for (auto const& price : p.result["prices"])
    CHECK_THAT(p.page, contains("<td>" + price["name"].get<std::string>() + "</td>"));
}

TEST_CASE("report: a deployment has its layers, ranges and actions", "[slow]") {
  std::string const m = OHMIC_SOURCE_DIR "/examples/models/bert-wordnet";
  scratch_folder const folder;
  std::ifstream in(m + "/calib.tsv");
  std::string calibration, line;
  for (int i = 0; i < 4 && std::getline(in, line); ++i) calibration += line + "\n";
  folder.write("calib.tsv", calibration);
  std::filesystem::copy_file(m + "/test.tsv", folder.path() / "<img src=x onerror=alert(1)>.tsv");
  std::filesystem::create_directory_symlink(m, folder.path() / "<script>alert(1)<x>");
  reported const r("deploy --model " + (folder / "<script>alert(1)<x>") + " --data " +
                   (folder / "<img src=x onerror=alert(1)>.tsv") + " --limit 2 --chip wang2024,isaac,multi_bit" +
                   " --calibration " + (folder / "calib.tsv"));
  CHECK(r.page.find("<script>") == std::string::npos);
  CHECK(r.page.find("<img") == std::string::npos);
  auto const names = r.charts();
  for (char const* name :
       {"snr.svg", "clip.svg", "score_accuracy.svg", "actions.svg", "area.svg", "area_2.svg", "area_3.svg",
        "floorplan.svg", "floorplan_3.svg", "compare_area_mm2.svg", "compare_energy_J.svg", "timeline.svg"})
    CHECK(std::count(names.begin(), names.end(), std::string(name)) == 1);
  CHECK(std::count_if(names.begin(), names.end(), [](auto const& n) { return n.starts_with("adc_"); }) == 12);
  for (auto const& site : r.result["converters"]) {
    std::uint64_t n = 0;
    for (auto const& bin : site["bins"]) n += bin.get<std::uint64_t>();
    CHECK(site["n"] == n);
    CHECK(site["full_scale"] > 0.0);
    CHECK(site["bin_width"].get<double>() * static_cast<double>(site["bins"].size()) >= site["largest"].get<double>());
  }
  for (auto const& spec : embedded(r.page, "charts"))
    if (spec["title"].get<std::string>().starts_with("Signal-to-noise")) {
      std::size_t layers = 0;
      for (auto const& c : r.result["chips"]) layers += c["layers"].size();
      CHECK(spec["data"]["values"].size() == layers);
    }
  for (auto const& name : names) check_well_formed(text_of(r.path() / "charts" / name));
  // A chip with a dense bank: what `ohmic cost` says of a text of this length, at the same prices.
  auto const& text = r.result["chips"][1]["text_cost"];
  auto const c = run_program("cost --model " + m + " --decode 0 --set report.prices=bottom_up --quiet --json " +
                             (folder / "cost.json") + " --tokens " + text["text"]["tokens"].dump());
  INFO(c.text);
  REQUIRE(c.status == 0);
  auto const cost = read_json(folder.path() / "cost.json");
  CHECK(text["text"]["energy_J"] == cost["energy_J"]["prefill"]);
  CHECK(text["text"]["latency_s"] == cost["latency_s"]["prefill"]);
  CHECK(text["timeline"] == cost["timeline"]);
  CHECK(text["rows"].size() == cost["rows"].size());
  for (auto const& row : text["rows"])
    CHECK_THAT(r.page, contains("<td>" + row["path"].get<std::string>() + "</td><td>" + row["count"].dump()));
  // The sources of what is priced, and everything that makes the page again.
  for (auto const& chip : r.result["chips"])
    if (chip["cost"].is_object())
      for (auto const& row : chip["cost"]["rows"])
        CHECK_THAT(r.page, contains("<td>" + row["path"].get<std::string>() + "</td><td>" + row["count"].dump()));
  CHECK_THAT(r.page, contains("seed 1"));
  CHECK_THAT(r.page, contains("ohmic " + r.result["version"].get<std::string>()));
  CHECK_THAT(r.page, contains("--limit 2 --chip wang2024,isaac,multi_bit"));
}

TEST_CASE("report: what cannot be written is said before the run") {
  refused("cost --model bert_base --report /no/such/folder/r.html", {"--report", "/no/such/folder"}, 3);
  scratch_folder const folder;
  folder.write("file", "x");
  refused("cost --model bert_base --svg " + (folder / "file"), {"--svg", "is no folder"}, 3);
}

TEST_CASE("report: a browser draws the page, finds nothing wrong, and has the numbers of the JSON", "[slow]") {
  auto const browser = chromium();
  if (browser.empty()) {
    WARN("no chromium: skipped");
    return;
  }
  for (bool const with_vega : {false, true}) {
    reported const r("cost --model bert_large --decode 4 --compare isaac,a100", with_vega);
    if (with_vega && r.page.find("Vega-Lite was not found") != std::string::npos) {
      WARN("no Vega-Lite in the data folder (examples/reports/fetch_vega.sh): plain SVG only");
      continue;
    }
    auto const dom = rendered(r, browser);
    INFO(text_of(r.path() / "browser.log"));
    CHECK_THAT(dom, contains("data-problems=\"0\""));
    CHECK_THAT(dom, contains(with_vega ? "data-drawn=\"vega\"" : "data-drawn=\"plain\""));
    CHECK(text_of(r.path() / "browser.log").find("CONSOLE") == std::string::npos);
    for (auto const& row : r.result["rows"])
      CHECK_THAT(dom, contains("<td>" + row["path"].get<std::string>() + "</td><td>" + row["count"].dump() +
                               "</td><td>" + row["unit_price"].dump() + "</td>"));
    if (with_vega) CHECK_THAT(dom, contains("class=\"marks\""));
  }
}

TEST_CASE("report: names that look like pages are shown as text by a browser, on every kind of page", "[slow]") {
  auto const browser = chromium();
  if (browser.empty()) {
    WARN("no chromium: skipped");
    return;
  }
  // Ends of elements and comments, quotes, line ends of scripts, templates and expressions of Vega.
  std::string const attack =
      "</script><script>document.documentElement.dataset.taken=1</script><img src=x onerror=alert(1)>--><!-- "
      "\"'`${1}{{1}}&amp; datum.x ";
  std::string const in_toml =
      "</script><script>document.documentElement.dataset.taken=1</script><img src=x onerror=alert(1)>--><!-- "
      "\\\"'`${1}{{1}}&amp; datum.x \\u2028\\u202e";
  std::string file_name = attack;
  std::replace(file_name.begin(), file_name.end(), '/', '|');
  scratch_folder const folder;
  folder.write("mine.toml", "name = \"" + in_toml + "\"\n[adc]\nbits = 6\n");
  folder.write("other.toml", "name = \"" + in_toml + "2\"\n");
  folder.write(file_name + ".toml", "model = \"bert_base\"\nchip = \"" +
                                        (folder / "mine.toml").substr(1, (folder / "mine.toml").size() - 2) +
                                        "\"\n[vary]\ncost.duplication = [16, 64]\n[objectives]\narea = \"min\"\n");
  std::string const m = OHMIC_SOURCE_DIR "/examples/models/bert-wordnet";
  std::filesystem::create_directory_symlink(m, folder.path() / file_name);
  auto const quoted = [&](std::string const& name) {
    std::string out = "'";
    for (char c : (folder.path() / name).string()) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
  };
  for (bool const with_vega : {false, true})
    for (auto const& arguments : std::vector<std::string>{
             "cost --model bert_base --chip " + (folder / "mine.toml") + " --compare " + (folder / "other.toml"),
             "sweep --spec " + quoted(file_name + ".toml") + " --restart --output " + quoted(file_name + ".sqlite"),
             "deploy --model " + quoted(file_name) + " --data " + quoted(file_name + "/test.tsv") +
                 " --limit 1 --chip " + (folder / "mine.toml") + " --calibration " + quoted(file_name + "/calib.tsv"),
             std::string("reproduce --only intro")}) {
      reported const r(arguments, with_vega);
      if (with_vega && r.page.find("Vega-Lite was not found") != std::string::npos) {
        WARN("no Vega-Lite in the data folder (examples/reports/fetch_vega.sh): plain SVG only");
        return;
      }
      INFO(arguments);
      CHECK(r.page.find("<script>document") == std::string::npos);
      CHECK(r.page.find("<img src=x") == std::string::npos);
      auto const dom = rendered(r, browser);
      INFO(text_of(r.path() / "browser.log"));
      CHECK_THAT(dom, contains("data-problems=\"0\""));
      CHECK_THAT(dom, contains(with_vega ? "data-drawn=\"vega\"" : "data-drawn=\"plain\""));
      CHECK(dom.find("data-taken") == std::string::npos);
      CHECK(dom.find("<img src=x") == std::string::npos);
      auto shown = embedded(r.page, "result");
      CHECK(shown["config"] == r.result["config"]);
      for (auto const& name : r.charts()) check_well_formed(text_of(r.path() / "charts" / name));
    }
}

/// What a reader does: copies the second table, by the older way where the clipboard refuses, and has it selected where both do; goes through the first chart by
/// keyboard; draws a frame around all of it. What came of it stands in data-tried, as JSON.
constexpr char const* reader_script = R"(
(async () => {
  const tried = {copied: [], keys: []};
  const wait = ms => new Promise(r => setTimeout(r, ms));
  for (let i = 0; i < 200 && !root.dataset.drawn; ++i) await wait(25);
  const button = document.querySelectorAll('button.copy')[1], figure = document.getElementById('chart-0');
  const chosen = () => figure.querySelector('.chosen').textContent;
  let works = true, obeys = true;
  Object.defineProperty(navigator, 'clipboard', {value: {
    writeText: async t => { if (!works) throw new Error('none'); tried.copied.push(t); }}});
  document.execCommand = what => {
    if (!obeys) return false;
    const e = new ClipboardEvent(what, {clipboardData: new DataTransfer(), cancelable: true});
    document.dispatchEvent(e);
    tried.copied.push(e.clipboardData.getData('text/plain'));
    return true;
  };
  tried.said = [];
  const press = async () => { button.click(); await wait(50); tried.said.push(button.textContent); };
  button.focus();
  tried.button_has_focus = document.activeElement === button;
  await press();
  works = false;
  await press();
  obeys = false;
  await press();
  tried.copied.push(String(getSelection()));
  figure.focus();
  tried.figure_has_focus = document.activeElement === figure;
  for (const key of ['ArrowRight', 'ArrowRight', 'ArrowLeft', 'ArrowLeft', 'Escape']) {
    figure.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true}));
    tried.keys.push(chosen());
  }
  const ground = figure.querySelector('.vega svg path.background');
  if (ground) {
    ground.scrollIntoView({block: 'center'}); await wait(50);
    const r = figure.querySelector('.vega svg g.mark-group.role-frame path.background').getBoundingClientRect();
    const at = (kind, x, y) => (document.elementFromPoint(x, y) || ground).dispatchEvent(new PointerEvent(kind,
      {clientX: x, clientY: y, bubbles: true, cancelable: true, view: window, button: 0, buttons: 1, pointerType: 'mouse'}));
    at('pointerdown', r.left + 1, r.top + 1); await wait(20);
    at('pointermove', r.left + r.width / 2, r.top + r.height / 2); await wait(20);
    at('pointermove', r.right - 1, r.bottom - 1); await wait(20);
    at('pointerup', r.right - 1, r.bottom - 1); await wait(100);
    tried.framed = chosen();
  }
  root.dataset.tried = JSON.stringify(tried);
})().catch(problem);
)";

TEST_CASE("report: a reader copies tables, goes through charts by keyboard and frames points, in a browser", "[slow]") {
  auto const browser = chromium();
  if (browser.empty()) {
    WARN("no chromium: skipped");
    return;
  }
  scratch_folder const folder;
  folder.write("s.toml",
               "model = \"bert_base\"\n[vary]\nadc.bits = [4, 6, 8]\ncost.duplication = [16, 64, 256]\n[objectives]\n"
               "area = \"min\"\nlatency = \"min\"\n");
  for (bool const with_vega : {false, true}) {
    reported const r(
        "sweep --spec " + (folder / "s.toml") + " --output " + (folder / (with_vega ? "vega.sqlite" : "plain.sqlite")),
        with_vega);
    if (with_vega && r.page.find("Vega-Lite was not found") != std::string::npos) {
      WARN("no Vega-Lite in the data folder (examples/reports/fetch_vega.sh): plain SVG only");
      continue;
    }
    auto const dom = rendered(r, browser, reader_script);
    INFO(with_vega << text_of(r.path() / "browser.log"));
    CHECK_THAT(dom, contains("data-problems=\"0\""));
    std::smatch found;
    REQUIRE(std::regex_search(dom, found, std::regex("data-tried=\"([^\"]*)\"")));
    auto const tried = json::parse(std::regex_replace(
        std::regex_replace(std::regex_replace(found[1].str(), std::regex("&quot;"), "\""), std::regex("&lt;"), "<"),
        std::regex("&amp;"), "&"));
    INFO(tried.dump(1));
    CHECK(tried["button_has_focus"] == true);
    CHECK(tried["figure_has_focus"] == true);
    // What the second table says, cell by cell, with tabs between: all ways of copying, and no word of one that failed.
    REQUIRE(tried["copied"].size() == 3);
    CHECK(tried["copied"][0] == tried["copied"][1]);
    CHECK(tried["said"] == json{"Copied", "Copied", "Not copied: the table is selected, press Ctrl+C"});
    auto const from = r.page.find("<table>", r.page.find("<table>") + 1);
    auto const table = r.page.substr(from, r.page.find("</table>", from) - from);
    std::regex const cell("<t[hd][^>]*>([^<]*)</t[hd]>");
    std::size_t cells = 0;
    for (std::sregex_iterator i(table.begin(), table.end(), cell), end; i != end; ++i, ++cells)
      for (auto const& text : tried["copied"])
        if ((*i)[1].str().find('&') == std::string::npos) CHECK_THAT(text.get<std::string>(), contains((*i)[1].str()));
    CHECK(cells > 4);
    for (auto const& text : tried["copied"]) CHECK_THAT(text.get<std::string>(), contains("\t"));
    auto const values = embedded(r.page, "charts")[0]["data"]["values"];
    REQUIRE(values.size() == 9);
    CHECK(tried["keys"] == json{values[0]["label"], values[1]["label"], values[0]["label"], values[8]["label"], ""});
    if (with_vega) CHECK_THAT(tried["framed"].get<std::string>(), contains("9 in the frame: point"));
  }
}

// Reading the file of a sweep: what is varied, what is measured, what counts as better.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <fmt/core.h>
#include <map>
#include <set>
#include <utility>

#include "chips.hpp"
#include "cost_case.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/model/dataset.hpp"
#include "ohmic/model/file.hpp"
#include "settings_file.hpp"
#include "sweep_spec.hpp"
#include "toml_file.hpp"
#include "toml_values.hpp"

namespace program_cli {

using namespace ohmic;

namespace {

constexpr std::uint64_t max_sweep_points = 10'000'000;
/// Dimensions of a sample; boost::random::sobol has 3667.
constexpr std::size_t max_sweep_dimensions = 256;
/// Values of all keys together: a range of three numbers asks for as many as it likes, and each is checked.
constexpr std::size_t max_sweep_values = 100'000;

/// Keys of a point that are no settings of a chip.
bool is_usage(std::string const& key) { return key == "tokens" || key == "decode" || key == "batch"; }

class spec_reader : toml_values {
 public:
  spec_reader(std::string const& file, common_options const& common)
      : toml_values(file), file_(file), common_(&common) {
    spec_.file = file;
    spec_.seed = common.seed;
  }

  sweep_spec read() {
    toml::table const root = read_toml(file_);
    known(root, "",
          {"kind", "chip", "model", "data", "calibration", "task", "tokens", "decode", "batch", "limit", "seed", "set",
           "vary", "sample", "objectives", "constraints"});
    if (auto const* kind = root.get("kind"))
      spec_.what = choice(*kind, "kind", {"cost", "deploy"}) == 0 ? sweep_spec::kind::cost : sweep_spec::kind::deploy;
    bool const deploys = spec_.what == sweep_spec::kind::deploy;
    spec_.model = text_at(root, "model", "");
    if (deploys) {
      spec_.data = text_at(root, "data", "");
      spec_.calibration = text_at(root, "calibration", "");
      spec_.task = text_at(root, "task", "");
      spec_.limit = count_at(root, "limit", 0);
      if (spec_.data.empty()) throw missing("data", "texts to score", "data = \"FILE\"");
    } else {
      for (char const* key : {"data", "calibration", "task", "limit"})
        if (auto const* node = root.get(key))
          throw error({errc::config_conflict, "belongs to kind = \"deploy\"", in(node->source(), key), "", "",
                       "set kind, or take it out"});
    }
    spec_.tokens = count_at(root, "tokens", 0);
    spec_.decode = count_at(root, "decode", 1);
    spec_.batch = count_at(root, "batch", 1);
    if (spec_.batch < 1) throw wrong(*root.get("batch"), "batch", "a whole number, 1 or more");
    spec_.seed = root.contains("seed") ? count_at(root, "seed", 1) : common_->seed;
    if (auto const* vary = root.get("vary")) read_vary(*vary);
    for (char const* key : {"chip", "model", "tokens", "decode", "batch"})
      if (auto const* node = root.get(key)) require_one_place(key, in(node->source(), key));
    if (auto const* set = root.get("set")) read_set(*set);
    for (auto const& assignment : common_->set) {
      require_setting(std::string(detail::trimmed(assignment.substr(0, assignment.find('=')))), "--set");
      spec_.set.push_back(assignment);
    }
    read_chips(text_at(root, "chip", chip::wang2024::name));
    std::uint64_t asked = 0;
    if (auto const* sample = root.get("sample")) asked = read_sample(*sample);
    if (auto const* o = root.get("objectives")) read_objectives(*o);
    if (auto const* c = root.get("constraints")) read_constraints(*c);
    settle(asked);
    check_keys();
    return std::move(spec_);
  }

  [[nodiscard]] std::uint64_t points() const noexcept { return points_; }

 private:
  void read_set(toml::node const& node) {
    leaves(
        node, "set", [](auto const&) { return false; },
        [&](std::string const& key, toml::node const& leaf) {
          require_setting(key, in(leaf.source(), key));
          if (leaf.is_array()) lists_.emplace(key, in(leaf.source(), key));
          spec_.set.push_back(key + "=" + value_text(leaf, key));
        });
  }

  /// A key that is varied has its values there and nowhere else: one of the two would go unheard.
  void require_one_place(std::string const& key, std::string const& where) const {
    for (auto const& d : spec_.dimensions)
      if (d.key == key)
        throw error({errc::config_conflict, "'" + key + "' is varied too", where, d.where, "one of them",
                     "take it out here, or from [vary]"});
  }
  /// What a point is beside its settings has a place of its own.
  void require_setting(std::string const& key, std::string const& where) const {
    if (key == "chip" || key == "model" || is_usage(key))
      throw error({errc::unknown_key, "'" + key + "' is no setting of a chip", where, "",
                   "keys of ohmic list chips, cost.* and report.*", "write " + key + " = .. above the tables"});
    require_one_place(key, where);
  }

  void read_vary(toml::node const& node) {
    leaves(
        node, "vary", [](toml::table const& t) { return t.contains("from") || t.contains("to"); },
        [&](std::string const& key, toml::node const& leaf) {
          sweep_dimension d;
          d.key = key;
          d.where = in(leaf.source(), key);
          if (leaf.is_array()) {
            read_list(*leaf.as_array(), d);
            if (d.values.empty()) throw wrong(leaf, key, "at least one value");
          } else if (leaf.is_table()) {
            read_range(*leaf.as_table(), d);
          } else {
            throw wrong(leaf, key, "a list, or {from = .., to = .., steps = ..}");
          }
          spec_.dimensions.push_back(std::move(d));
        });
  }

  void read_list(toml::array const& list, sweep_dimension& d) {
    take_values(static_cast<double>(list.size()), d.where);
    std::set<std::string> seen;
    for (auto const& item : list) {
      if (item.is_array()) lists_.emplace(d.key, in(item.source(), d.key));
      auto text = value_text(item, d.key);
      if (!seen.insert(text).second)
        throw error({errc::config_conflict, "value is given twice", d.where, in_quotes(text), "every value once",
                     "the same point would be run again"});
      d.values.push_back(std::move(text));
    }
  }

  /// Before they are made.
  void take_values(double n, std::string const& where) {
    values_ += n;
    if (!(values_ <= static_cast<double>(max_sweep_values)))
      throw error({errc::capacity, "too many values of all keys together", where, fmt::format("{:.15g}", values_),
                   "at most " + std::to_string(max_sweep_values),
                   "use fewer steps, or a sample of ranges without steps"});
  }

  /// A number with the unit that follows it.
  std::pair<double, std::string> end_of(toml::node const* node, sweep_dimension& d) const {
    if (node == nullptr)
      throw error({errc::missing_entry, "a range needs both ends", d.where, "", "{from = .., to = ..}", ""});
    if (node->is_integer()) return {static_cast<double>(node->as_integer()->get()), ""};
    d.whole = false;
    if (node->is_floating_point()) return {node->as_floating_point()->get(), ""};
    if (!node->is_string()) throw wrong(*node, d.key, "a number, or a text of number and unit");
    std::string const text = node->as_string()->get();
    double v = 0.0;
    auto const [end, status] = std::from_chars(text.data(), text.data() + text.size(), v);
    if (status != std::errc{}) throw wrong(*node, d.key, "a number, or a text of number and unit");
    return {v, std::string(detail::trimmed(std::string_view(end, text.data() + text.size())))};
  }

  void read_range(toml::table const& t, sweep_dimension& d) {
    known(t, d.key + ".", {"from", "to", "steps", "step", "log"});
    d.whole = true;
    auto const [from, unit] = end_of(t.get("from"), d);
    auto const [to, unit_to] = end_of(t.get("to"), d);
    if (unit != unit_to)
      throw error({errc::config_value, "ends with different units", d.where, "'" + unit_to + "'", "'" + unit + "'",
                   "write both in one unit"});
    d.from = from, d.to = to, d.unit = unit;
    if (auto const* log = t.get("log")) {
      if (!log->is_boolean()) throw wrong(*log, d.key + ".log", "true or false");
      d.logarithmic = log->as_boolean()->get();
    }
    if (!std::isfinite(from) || !std::isfinite(to) || from > to || (d.logarithmic && !(from > 0.0)))
      throw error({errc::config_value, "no such range", d.where, sweep_number(from, "") + " to " + sweep_number(to, ""),
                   d.logarithmic ? "0 < from <= to" : "from <= to", ""});
    if (t.contains("step") && (t.contains("steps") || d.logarithmic))
      throw error({errc::config_conflict, "step excludes steps and log", d.where, "", "one of them", ""});
    if (auto const* step = t.get("step")) {
      if (!step->is_integer()) d.whole = false;
      double const by = step->is_number() ? *step->value<double>() : 0.0;
      if (!(by > 0.0)) throw wrong(*step, d.key + ".step", "a number above 0");
      double const n = std::floor((to - from) / by + 1e-9) + 1.0;
      take_values(n, d.where);  // and no more: where `by` is lost beside `from`, a sum never passes `to`
      for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i)
        d.values.push_back(sweep_number(from + static_cast<double>(i) * by, unit));
    }
    if (std::size_t const steps = count_at(t, "steps", 0); t.contains("steps")) {
      if (steps < 1) throw wrong(*t.get("steps"), d.key + ".steps", "1 or more");
      take_values(static_cast<double>(steps), d.where);
      for (std::size_t i = 0; i < steps; ++i) {
        double const share = steps == 1 ? 0.0 : static_cast<double>(i) / static_cast<double>(steps - 1);
        double v = i + 1 == steps && steps > 1 ? to
                   : d.logarithmic             ? from * std::pow(to / from, share)
                                               : from + (to - from) * share;
        if (d.whole) v = std::round(v);
        auto text = sweep_number(v, unit);
        if (d.values.empty() || d.values.back() != text) d.values.push_back(std::move(text));
      }
    }
  }

  void read_chips(std::string const& chip) {
    std::vector<std::string> names;
    for (auto const& d : spec_.dimensions)
      if (d.key == "chip") names = d.values;
    if (names.empty()) names = {chip};
    std::set<std::string> labels;
    for (auto const& name : names) {
      if (spec_.what == sweep_spec::kind::cost) {
        spec_.chips.push_back(design_named(name));
      } else {
        auto request = name.ends_with(".toml") ? read_chip_file(name) : chip_request{chip_named(name).name, name, {}};
        auto const* preset = &chip::find_cost_preset(request.base);
        spec_.chips.push_back({std::move(request), preset});
      }
      if (!labels.insert(spec_.chips.back().request.label).second)
        throw error({errc::config_conflict, "two chips go by one name", model::place(file_),
                     spec_.chips.back().request.label, "a name of its own for each", "set name = \"..\" in the file"});
    }
    for (auto& d : spec_.dimensions)
      if (d.key == "chip")
        for (std::size_t i = 0; i < d.values.size(); ++i) d.values[i] = spec_.chips[i].request.label;
  }

  std::uint64_t read_sample(toml::node const& node) {
    if (!node.is_table()) throw wrong(node, "sample", "{method = \"sobol\", points = 1000}");
    auto const& t = *node.as_table();
    known(t, "sample.", {"method", "points"});
    if (auto const* method = t.get("method"))
      spec_.method = static_cast<sweep_spec::sampling>(choice(*method, "sample.method", {"grid", "random", "sobol"}));
    std::size_t const points = count_at(t, "points", 0);
    if ((spec_.method == sweep_spec::sampling::grid) != (points == 0))
      throw error({errc::config_conflict, "number of points does not suit the method",
                   in(node.source(), "sample.points"), std::to_string(points),
                   "points with random and sobol, none with grid", ""});
    return points;
  }

  void read_objectives(toml::node const& node) {
    leaves(
        node, "objectives", [](auto const&) { return false; },
        [&](std::string const& key, toml::node const& leaf) {
          spec_.objectives.push_back({key, choice(leaf, key, {"min", "max"}) == 1});
        });
  }

  void read_constraints(toml::node const& node) {
    leaves(
        node, "constraints", [](auto const&) { return false; },
        [&](std::string const& key, toml::node const& leaf) {
          std::string const text = leaf.is_string() ? leaf.as_string()->get() : "";
          double bound = 0.0;
          bool const side = text.starts_with("<=") || text.starts_with(">=");
          if (!side || !field_format<double>::parse(detail::trimmed(std::string_view(text).substr(2)), bound).empty())
            throw wrong(leaf, key, "\"<= NUMBER\" or \">= NUMBER\"");
          if (!std::isfinite(bound))
            throw error({errc::config_value, "bound is no finite number", in(leaf.source(), key), in_quotes(text),
                         "a finite number", "without a bound, take the constraint out"});
          spec_.constraints.push_back({key, text[0] == '>', bound});
        });
  }

  /// Number of points, and what cannot be combined.
  void settle(std::uint64_t asked) {
    if (spec_.dimensions.empty()) throw missing("[vary]", "at least one key that is varied", "[vary]");
    if (spec_.dimensions.size() > max_sweep_dimensions)
      throw error({errc::capacity, "too many keys", model::place(file_), std::to_string(spec_.dimensions.size()),
                   "at most " + std::to_string(max_sweep_dimensions), ""});
    points_ = asked;
    auto n = static_cast<double>(asked);
    if (spec_.method == sweep_spec::sampling::grid) {
      points_ = 1;
      n = 1.0;
      for (auto const& d : spec_.dimensions) {
        if (d.values.empty())
          throw error({errc::missing_entry, "a range of a grid needs its steps", d.where, "", "steps = N or step = X",
                       "or sample with method = \"sobol\""});
        if (points_ > max_sweep_points / d.values.size()) points_ = max_sweep_points + 1;
        points_ *= points_ > max_sweep_points ? 1 : d.values.size();
        n *= static_cast<double>(d.values.size());
      }
    }
    if (points_ > max_sweep_points)
      throw error({errc::capacity, "too many points", model::place(file_), fmt::format("{:.15g}", n),
                   "at most " + std::to_string(max_sweep_points), "use fewer values, or a sample"});
    bool const varies_model =
        std::any_of(spec_.dimensions.begin(), spec_.dimensions.end(), [](auto const& d) { return d.key == "model"; });
    if (spec_.model.empty() && !varies_model) throw missing("model", "a model's id or folder", "model = \"..\"");
    if (varies_model && spec_.what == sweep_spec::kind::deploy)
      throw error({errc::config_conflict, "a deployment has one model", model::place(file_), "vary.model", "",
                   "sweep every model for itself"});
  }

  /// Every key is known to every chip and every value reads, before anything runs: a slip is not a failing point.
  void check_keys() const {
    for (auto const& d : spec_.dimensions) {
      std::vector<std::string> probes = d.values;
      if (probes.empty()) probes = {d.at(0.0), d.at(0.5)};
      try {
        for (auto const& text : probes) check(d.key, text);
      } catch (error const& problem) {
        auto info = problem.info();
        info.where = d.where + ", " + info.where;
        throw error(std::move(info));
      }
    }
    for (auto const& s : spec_.set) {
      auto const equals = s.find('=');
      if (equals == s.npos)
        throw error({errc::config_value, "not an assignment", "--set", s, "key=value", "see ohmic list chips"});
      check(std::string(detail::trimmed(std::string_view(s).substr(0, equals))), s.substr(equals + 1));
    }
    for (auto const& [key, where] : lists_)
      if (!holds_list(key, [&](std::string const& k, std::string const& text) { check(k, text); }))
        throw error({errc::config_value, "setting '" + key + "' holds no list", where, "a list", "a value that is none",
                     "write it without the inner brackets"});
  }
  void check(std::string const& key, std::string const& text) const {
    if (key == "chip") return;
    if (key == "model") return static_cast<void>(network_named(text));
    if (is_usage(key)) {
      if (sweep_count(text, key) < 1 && key == "batch")
        throw error({errc::config_value, "no sequence", key, in_quotes(text), "1 or more", ""});
      return;
    }
    for (auto const& c : spec_.chips) {
      if (key.starts_with("cost.") || key.starts_with("report.")) {
        cost_command_config config;
        ohmic::set(config, key, text);
        continue;
      }
      bool const in_situ = spec_.what == sweep_spec::kind::deploy;
      auto settings = in_situ ? defaults_of(c.request.base) : defaults_of(chip::wang2024::name);
      std::visit([&](auto& s) { ohmic::set(s, key, text); }, settings);
    }
  }

  std::string file_;
  common_options const* common_;
  sweep_spec spec_;
  std::uint64_t points_ = 1;
  std::map<std::string, std::string> lists_;  ///< keys with values that are lists, and where
  double values_ = 0.0;                       ///< of all keys so far; exact as long as it matters
};

}  // namespace

sweep_spec sweep_spec::read(std::string const& file, common_options const& common) {
  spec_reader reader(file, common);
  auto spec = reader.read();
  spec.points_ = reader.points();
  return spec;
}

}  // namespace program_cli

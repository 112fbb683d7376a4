// What a plugin must satisfy beyond its table: laws, determinism, threads, errors; and what its calls cost.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/device/law_check.hpp"
#include "ohmic/device/tile_device.hpp"
#include "ohmic/plugin/host.hpp"

namespace ohmic::inline OHMIC_ABI::plugin {

/// One thing that was tried. What failed says how; what passed may say what it measured.
struct finding {
  std::string device, what, detail;
  bool passed = true, is_time = false;  ///< is_time: its detail is another one every time
};

namespace detail {

/// What a device makes of a tile of cells over its range.
struct tile_results {
  std::vector<double> mean, sigma, drawn, aged, noise;
  friend bool operator==(tile_results const&, tile_results const&) = default;
};

/// True where all but the texts, which stand in the table, are equal.
[[nodiscard]] inline bool same_facts(device_facts const& a, device_facts const& b) noexcept {
  auto const of = [](device_facts const& f) {
    return std::tuple(f.low_uS, f.high_uS, f.levels, f.programmable, f.has_spread, f.has_read_noise, f.has_drift,
                      f.is_volatile, f.is_activated, f.first_s, f.last_s);
  };
  return of(a) == of(b);
}

[[nodiscard]] inline error fault(std::string what) {
  return error({errc::plugin_failed, std::move(what), "", "", "", ""});
}

/// What comes of a trial, which says what it measured or throws.
[[nodiscard]] inline finding attempted(std::string of, char const* what, std::function<std::string()> const& trial) {
  finding f{std::move(of), what, {}};
  try {
    f.detail = trial();
  } catch (std::bad_alloc const&) {
    throw;  // says something of the machine, not of the plugin
  } catch (std::exception const& e) {
    f.passed = false;
    f.detail = e.what();
    auto const* const ours = dynamic_cast<error const*>(&e);
    if (ours != nullptr && ours->code() == errc::no_resource) throw;
    if (ours != nullptr && ours->info().where.empty()) f.detail = ours->info().what;
  }
  return f;
}

/// True where the process of an isolated plugin is no more.
[[nodiscard]] inline bool is_gone(loaded const& p) {
  try {
    p.require_alive();
    return false;
  } catch (error const&) { return true; }
}

/// Tries the price books of a plugin, with parameters that open one.
[[nodiscard]] inline std::vector<finding> price_trials(loaded const& p, std::string const& parameters) {
  std::vector<finding> out;
  std::string text;
  bool opened = false;
  auto const blames_parameters = [](error const& e) {
    return e.code() != errc::plugin_failed && e.code() != errc::plugin_died && e.code() != errc::plugin_table;
  };
  out.push_back(attempted("prices", "opens a book", [&]() -> std::string {
    try {
      text = p.price_text(parameters);
      opened = true;
    } catch (error const& e) {
      if (!blames_parameters(e)) throw;
      return std::string("not tried, for it wants other parameters: ") + e.what();
    }
    return std::to_string(std::count(text.begin(), text.end(), '\n')) + " prices";
  }));
  if (opened)
    out.push_back(attempted("prices", "the same prices again", [&] {
      if (p.price_text(parameters) != text) throw fault("other prices from another book");
      return std::string();
    }));
  out.push_back(attempted("prices", "refuses parameters that it does not have", [&]() -> std::string {
    try {
      static_cast<void>(p.price_text("no_such_parameter=1"));
    } catch (error const& e) {
      if (!blames_parameters(e)) throw;
      return {};
    }
    throw fault("open takes 'no_such_parameter=1', so that a slip of the pen changes nothing and is not seen");
  }));
  return out;
}

/// Tries one device.
class device_trial {
 public:
  device_trial(loaded const& p, ohmic_device_v1 const& table, std::string parameters)
      : plugin_(p), table_(table), parameters_(std::move(parameters)) {}

  std::vector<finding> run() {
    attempt("creates an instance", [&] {
      device_ = make();
      return std::string();
    });
    if (!device_) return std::move(findings_);
    attempt("has a name of its own", [&] {
      auto const known = field_format<device_name>::names();
      if (std::find(known.begin(), known.end(), std::string_view(table_.name)) == known.end()) return std::string();
      throw fault("ohmic's own catalogue has a device of this name");
    });
    // First, because a law that is not answered looks broken, and nobody would see why.
    attempt("answers every call", [&] {
      static_cast<void>(whole(*device_));
      return std::string();
    });
    if (!findings_.back().passed) return std::move(findings_);
    attempt("laws", [&] {
      auto const broken = broken_laws(foreign_device{device_, nullptr});
      if (broken.empty()) return std::string();
      throw fault(broken.front() + (broken.size() > 1 ? " (and " + std::to_string(broken.size() - 1) + " more)" : ""));
    });
    attempt("the same bits again", [&] { return same(whole(*device_), "called again"); });
    attempt("the same bits from another instance", [&] {
      auto const other = make();
      if (!same_facts(device_->facts(), other->facts()))
        throw fault("another window, levels, flags or ages, another instance");
      return same(whole(*other), "another instance");
    });
    attempt("the same bits cell by cell", [&] { return same(cell_by_cell(), "one call a cell"); });
    attempt("keeps to its tile", [&] { return padded(); });
    attempt("the same bits from four threads", [&] { return threaded(); });
    attempt("refuses parameters that it does not have", [&] { return refuses(); });
    attempt("comes and goes", [&] {
      for (int k = 0; k < 100; ++k) static_cast<void>(make());
      plugin_.require_alive();
      return std::string();
    });
    attempt("time", [&] { return timed(); });
    findings_.back().is_time = findings_.back().passed;
    return std::move(findings_);
  }

 private:
  static constexpr std::size_t rows = 16, cols = 24;
  static constexpr cell_tile tile = {rows, cols, 1000, 64};

  void attempt(char const* what, std::function<std::string()> const& trial) {
    findings_.push_back(attempted(table_.name, what, trial));
  }

  [[nodiscard]] std::shared_ptr<tile_device const> make() const {
    return plugin_.make_device(table_.name, parameters_);
  }
  [[nodiscard]] double age_s() const {
    auto const f = device_->facts();
    return std::min(std::max(f.first_s, 3600.0), f.last_s);
  }
  [[nodiscard]] std::vector<double> targets() const {
    auto const f = device_->facts();
    double const top = std::min(f.high_uS, 1000.0);
    std::vector<double> out(tile.size());
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = f.low_uS + (top - f.low_uS) * static_cast<double>(i) / static_cast<double>(out.size() - 1);
    return out;
  }

  /// All calls of a part of the tile; values of the part come from the arrays of the whole.
  void part(tile_device const& d, cell_tile const& t, std::size_t first, tile_results& out) const {
    auto const all = targets();
    std::span<double const> const target(all.data() + first, t.size());
    auto const of = [&](std::vector<double>& v) { return std::span<double>(v.data() + first, t.size()); };
    std::vector<double> z(t.size());
    stream const numbers{7, purpose::programming, 3};
    for (std::size_t i = 0; i < z.size(); ++i) z[i] = static_cast<double>(numbers.normal(first + i, 9));
    d.program(t, target, of(out.mean), of(out.sigma));
    if (d.draws()) d.draw(t, numbers, 5, target, of(out.drawn));
    d.age(t, age_s(), target, of(out.mean), z, of(out.aged));
    d.read(t, age_s(), of(out.mean), of(out.aged), of(out.noise));
  }
  [[nodiscard]] static tile_results empty() {
    std::vector<double> const zeros(tile.size());
    return {zeros, zeros, zeros, zeros, zeros};
  }
  [[nodiscard]] tile_results whole(tile_device const& d) const {
    auto out = empty();
    part(d, tile, 0, out);
    return out;
  }
  [[nodiscard]] tile_results cell_by_cell() const {
    auto out = empty();
    for (std::size_t i = tile.size(); i-- > 0;) part(*device_, {1, 1, tile.cell(i), 0}, i, out);
    return out;
  }
  [[nodiscard]] std::string same(tile_results const& got, char const* how) const {
    if (!(got == whole(*device_))) throw fault(std::string("other numbers, ") + how);
    return {};
  }

  /// A tile with gaps between its rows: they stay as they are.
  [[nodiscard]] std::string padded() const {
    constexpr std::size_t ld = cols + 5;
    constexpr double untouched = -1.5;
    auto const all = targets();
    std::vector<double> target(rows * ld, all[0]), mean(rows * ld, untouched), sigma = mean;
    for (std::size_t r = 0; r < rows; ++r)
      std::copy_n(all.begin() + static_cast<long>(r * cols), cols, target.begin() + static_cast<long>(r * ld));
    plugin_.program_spaced(table_.name, parameters_, tile, ld, target, mean, sigma);
    auto const expected = whole(*device_);
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < ld; ++c) {
        bool const inside = c < cols;
        if (mean[r * ld + c] != (inside ? expected.mean[r * cols + c] : untouched) ||
            sigma[r * ld + c] != (inside ? expected.sigma[r * cols + c] : untouched))
          throw fault(inside ? "reads other elements than the tile's where ld is larger than cols"
                             : "writes between the rows of a tile, where ld is larger than cols");
      }
    return {};
  }

  [[nodiscard]] std::string threaded() const {
    auto const expected = whole(*device_);
    std::vector<std::string> wrong(4);
    std::vector<std::thread> threads;
    std::string refused;
    try {
      threads.reserve(wrong.size());
      for (auto& text : wrong)
        threads.emplace_back([&] {
          try {
            for (int k = 0; k < 50 && text.empty(); ++k)
              if (!(whole(*device_) == expected)) text = "other numbers while other threads call";
          } catch (std::exception const& e) { text = e.what(); }
        });
    } catch (std::system_error const& e) { refused = e.what(); }  // those that run are waited for
    for (auto& t : threads) t.join();
    if (!refused.empty())
      throw error({errc::no_resource, "cannot start a thread: " + refused, "threads", std::to_string(wrong.size()), "",
                   "allow more memory or threads"});
    for (auto const& text : wrong)
      if (!text.empty()) throw fault(text);
    return table_.threads == OHMIC_ANY_THREAD ? "any thread" : "one at a time: the host takes turns";
  }

  [[nodiscard]] std::string refuses() const {
    try {
      static_cast<void>(plugin_.make_device(table_.name, "no_such_parameter=1"));
    } catch (error const& e) {
      if (e.info().what.find("does not say why") != std::string::npos) throw fault("create fails without a message");
      return {};
    }
    throw fault("create takes 'no_such_parameter=1', so that a slip of the pen changes nothing and is not seen");
  }

  /// Units   ns a cell, of tiles and of single cells
  [[nodiscard]] std::string timed() const {
    using clock = std::chrono::steady_clock;
    auto const per_cell = [&](std::size_t cells, auto const& work) {
      double best = 1e300;
      for (int k = 0; k < 5; ++k) {
        auto const start = clock::now();
        work();
        best = std::min(best, std::chrono::duration<double, std::nano>(clock::now() - start).count());
      }
      return std::to_string(static_cast<long>(std::lround(best / static_cast<double>(cells))));
    };
    auto const big = per_cell(tile.size(), [&] { static_cast<void>(whole(*device_)); });
    auto const single = per_cell(tile.size(), [&] {
      std::vector<double> const target = targets();
      double mean = 0.0, sigma = 0.0;
      for (double const g : target) device_->program({}, {&g, 1}, {&mean, 1}, {&sigma, 1});
    });
    return big + " ns a cell for all laws, " + single + " ns for a call of one cell";
  }

  loaded const& plugin_;
  ohmic_device_v1 const& table_;
  std::string parameters_;
  std::shared_ptr<tile_device const> device_{};
  std::vector<finding> findings_{};
};

}  // namespace detail

/// Tries every device of a plugin and its price books, or the one device of this name.
/// Errors  unknown_id where there is no such device; what the plugin does wrong are findings
[[nodiscard]] inline std::vector<finding> conformance(loaded const& p, std::string const& parameters = {},
                                                      std::string const& only = {}) {
  std::vector<finding> out;
  std::vector<std::string> names;
  for (auto const& d : p.devices()) {
    names.emplace_back(d.name);
    if (!only.empty() && only != d.name) continue;
    for (auto& f : detail::device_trial(p, d, parameters).run()) out.push_back(std::move(f));
  }
  if (!only.empty()) {
    if (std::find(names.begin(), names.end(), only) == names.end())
      throw error({errc::unknown_id, "no device of that name in the plugin", p.where(), only, joined(names), ""});
    return out;
  }
  // Price books cannot be tried without a process, and it was a device that ended it.
  if (!out.empty() && !out.back().passed && detail::is_gone(p)) return out;
  bool has_prices = false;
  auto const looked = detail::attempted("prices", "has a table of price books, or none", [&] {
    has_prices = p.price_books().has_value();
    return std::string();
  });
  if (!looked.passed) out.push_back(looked);
  if (has_prices)
    for (auto& f : detail::price_trials(p, parameters)) out.push_back(std::move(f));
  if (out.empty())
    out.push_back({p.table().name, "brings something", "neither devices nor price books of this version", false});
  return out;
}

}  // namespace ohmic::inline OHMIC_ABI::plugin

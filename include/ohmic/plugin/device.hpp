// A device of a plugin as the library's tile_device: calls guarded, results distrusted.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/printable.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/device/tile_device.hpp"
#include "ohmic/plugin/abi.h"

namespace ohmic::inline OHMIC_ABI::plugin {

namespace detail {

/// Makes a call of a plugin, of which neither a status nor an exception goes unnoticed.
/// Errors  plugin_failed; config_value, value, capacity, file_missing, file_format where the plugin says so
template <class Call>
void guarded(std::string const& where, char const* function, Call const& call) {
  ohmic_error e{};
  e.struct_size = sizeof e;
  std::int32_t status = OHMIC_FAILED;
  std::string thrown;
  try {
    status = call(&e);
  } catch (std::exception const& problem) { thrown = std::string(": ") + problem.what(); } catch (...) {
    thrown = " ";
  }
  if (!thrown.empty())
    throw error({errc::plugin_failed, std::string(function) + " throws" + printable(thrown, 256), where, "an exception",
                 "a status and a message", "no exception may leave a plugin"});
  if (status == OHMIC_OK) return;
  auto const* const end = static_cast<char const*>(std::memchr(e.message, 0, sizeof e.message));
  std::string const message(e.message, end == nullptr ? sizeof e.message : static_cast<std::size_t>(end - e.message));
  bool const known = status == OHMIC_BAD_PARAMETERS || status == OHMIC_BAD_VALUE || status == OHMIC_NO_MEMORY ||
                     status == OHMIC_NO_FILE || status == OHMIC_BAD_FILE;
  throw error({known ? static_cast<errc>(status) : errc::plugin_failed,
               message.empty() ? std::string(function) + " fails and does not say why" : printable(message, 256), where,
               "status " + std::to_string(status) + " of " + function, "", "see the plugin's documentation"});
}

}  // namespace detail

/// An instance of a device of a plugin.
/// Range   tables that check_table has let pass; `keeper` keeps the library loaded
/// Errors  plugin_failed where a call fails or gives what cannot be, with the plugin's name; what `create` says of parameters
class device final : public tile_device {
 public:
  device(ohmic_device_v1 const& table, std::string const& file, std::string const& parameters,
         std::shared_ptr<void const> keeper)
      : keeper_(std::move(keeper)), table_(table), where_(file + ": " + table.name) {
    detail::guarded(where_, "create", [&](ohmic_error* e) { return table_.create(parameters.c_str(), &instance_, e); });
    try {
      facts_ = checked_facts();
    } catch (...) {
      end();
      throw;
    }
  }
  ~device() override { end(); }

  [[nodiscard]] device_facts facts() const noexcept override { return facts_; }
  [[nodiscard]] bool draws() const noexcept override { return table_.draw != nullptr; }

  void program(cell_tile const& tile, std::span<double const> target, std::span<double> mean,
               std::span<double> sigma) const override {
    auto const t = described(tile);
    std::fill(mean.begin(), mean.end(), NAN), std::fill(sigma.begin(), sigma.end(), NAN);
    call("program",
         [&](ohmic_error* e) { return table_.program(instance_, &t, target.data(), mean.data(), sigma.data(), e); });
    double const slack = std::isfinite(facts_.high_uS) ? 1e-9 * facts_.high_uS : 0.0;
    require("program", "mean_uS", mean, facts_.low_uS - slack, facts_.high_uS + slack);
    require("program", "sigma_uS", sigma, 0.0, facts_.has_spread ? max_uS : 0.0);
  }
  void draw(cell_tile const& tile, stream const& numbers, std::uint32_t time, std::span<double const> target,
            std::span<double> programmed) const override {
    auto t = described(tile);
    t.seed = numbers.seed, t.array = numbers.array, t.time = time;
    t.purpose = static_cast<std::uint32_t>(numbers.use);
    std::fill(programmed.begin(), programmed.end(), NAN);
    call("draw", [&](ohmic_error* e) { return table_.draw(instance_, &t, target.data(), programmed.data(), e); });
    require("draw", "programmed_uS", programmed, 0.0, max_uS);
  }
  void age(cell_tile const& tile, double age_s, std::span<double const> target, std::span<double const> programmed,
           std::span<double const> z, std::span<double> aged) const override {
    auto t = described(tile);
    t.age_s = age_s;
    if (table_.age == nullptr) {
      std::copy(programmed.begin(), programmed.end(), aged.begin());
      return;
    }
    std::fill(aged.begin(), aged.end(), NAN);
    call("age", [&](ohmic_error* e) {
      return table_.age(instance_, &t, target.data(), programmed.data(), z.data(), aged.data(), e);
    });
    require("age", "aged_uS", aged, 0.0, max_uS);
  }
  void read(cell_tile const& tile, double age_s, std::span<double const> programmed, std::span<double const> aged,
            std::span<double> sigma) const override {
    auto t = described(tile);
    t.age_s = age_s;
    std::fill(sigma.begin(), sigma.end(), table_.read == nullptr ? 0.0 : NAN);
    if (table_.read == nullptr) return;
    call("read",
         [&](ohmic_error* e) { return table_.read(instance_, &t, programmed.data(), aged.data(), sigma.data(), e); });
    require("read", "sigma_uS", sigma, 0.0, facts_.has_read_noise ? max_uS : 0.0);
  }

 private:
  /// No device conducts as much.
  static constexpr double max_uS = 1e12;

  void end() noexcept {
    try {
      table_.destroy(instance_);
    } catch (...) {}  // the instance is gone anyway
  }

  template <class Call>
  void call(char const* function, Call const& c) const {
    if (table_.threads == OHMIC_ANY_THREAD) return detail::guarded(where_, function, c);
    std::lock_guard const lock(one_at_a_time_);
    detail::guarded(where_, function, c);
  }

  [[nodiscard]] static ohmic_tile described(cell_tile const& tile) noexcept {
    ohmic_tile t{};
    t.struct_size = sizeof t;
    t.rows = tile.rows, t.cols = tile.cols, t.ld = tile.cols;
    t.first_cell = tile.first, t.cell_ld = tile.stride;
    return t;
  }

  [[nodiscard]] error broken(char const* function, std::string const& what, std::string got,
                             std::string allowed) const {
    return error({errc::plugin_failed, std::string(function) + " gives what cannot be: " + what, where_, std::move(got),
                  std::move(allowed), "mend the plugin; ohmic plugin check FILE shows its faults"});
  }
  void require(char const* function, char const* name, std::span<double const> values, double low, double high) const {
    // One comparison catches NaN as well.
    auto const bad = std::find_if(values.begin(), values.end(), [&](double v) { return !(v >= low && v <= high); });
    // Of an unlimited range infinity is not a conductance either.
    auto const infinite = bad != values.end() || std::isfinite(high)
                              ? bad
                              : std::find_if(values.begin(), values.end(), [](double v) { return std::isinf(v); });
    if (infinite != values.end())
      throw broken(function,
                   std::string(name) + " of element " + std::to_string(infinite - values.begin()) + " of the tile",
                   ohmic::detail::number_text(*infinite),
                   ohmic::detail::number_text(low) + ".." + ohmic::detail::number_text(high) + ", finite");
  }

  [[nodiscard]] device_facts checked_facts() const {
    ohmic_device_facts f{};
    f.struct_size = sizeof f;
    f.low_uS = f.high_uS = f.first_s = f.last_s = NAN;
    detail::guarded(where_, "facts", [&](ohmic_error* e) { return table_.facts(instance_, &f, e); });
    auto const number = ohmic::detail::number_text<double>;
    if (!(f.low_uS >= 0.0 && f.high_uS > f.low_uS && f.low_uS <= max_uS))
      throw broken("facts", "low_uS, high_uS", number(f.low_uS) + ", " + number(f.high_uS), "0 <= low < high");
    if (!(f.first_s >= 0.0 && f.last_s >= f.first_s))
      throw broken("facts", "first_s, last_s", number(f.first_s) + ", " + number(f.last_s), "0 <= first <= last");
    if (f.levels != 0 && (f.levels < 2 || f.levels > 65536))
      throw broken("facts", "levels", std::to_string(f.levels), "0 or 2..65536");
    auto const has = [&](std::uint32_t flag) { return (f.flags & flag) != 0; };
    if (has(OHMIC_DEVICE_HAS_DRIFT) && table_.age == nullptr)
      throw broken("facts", "drift without a function", "OHMIC_DEVICE_HAS_DRIFT", "with age");
    if (has(OHMIC_DEVICE_HAS_READ_NOISE) && table_.read == nullptr)
      throw broken("facts", "noise of reads without a function", "OHMIC_DEVICE_HAS_READ_NOISE", "with read");
    if (!has(OHMIC_DEVICE_HAS_SPREAD) && table_.draw != nullptr)
      throw broken("facts", "draws and says that it has no spread", "draw", "OHMIC_DEVICE_HAS_SPREAD");
    return {.name = table_.name,
            .summary = table_.summary,
            .source = table_.source,
            .low_uS = f.low_uS,
            .high_uS = f.high_uS,
            .levels = f.levels,
            .programmable = has(OHMIC_DEVICE_PROGRAMMABLE),
            .has_spread = has(OHMIC_DEVICE_HAS_SPREAD),
            .has_read_noise = has(OHMIC_DEVICE_HAS_READ_NOISE),
            .has_drift = has(OHMIC_DEVICE_HAS_DRIFT),
            .is_volatile = has(OHMIC_DEVICE_IS_VOLATILE),
            .is_activated = has(OHMIC_DEVICE_IS_ACTIVATED),
            .first_s = f.first_s,
            .last_s = f.last_s};
  }

  std::shared_ptr<void const> keeper_;  // outlives the instance
  ohmic_device_v1 table_;
  std::string where_;
  void* instance_ = nullptr;
  device_facts facts_{};
  mutable std::mutex one_at_a_time_{};
};

}  // namespace ohmic::inline OHMIC_ABI::plugin

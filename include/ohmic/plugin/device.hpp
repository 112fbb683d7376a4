// A device of a plugin as the library's tile_device: calls guarded, results distrusted.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/printable.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/device/tile_device.hpp"
#include "ohmic/plugin/abi.h"
#include "ohmic/plugin/arithmetic.hpp"
#include "ohmic/plugin/results.hpp"

namespace ohmic::inline OHMIC_ABI::plugin {

namespace detail {

/// Makes a call of a plugin, of which neither a status nor an exception goes unnoticed.
/// Errors  plugin_failed; config_value, value, capacity, file_missing, file_format where the plugin says so
template <class Call>
void guarded(std::string const& where, char const* function, Call const& call) {
  kept_arithmetic const kept;
  ohmic_error e{};
  e.struct_size = sizeof e;
  std::int32_t status = OHMIC_FAILED;
  std::string thrown;
  try {
    status = call(&e);
  } catch (std::exception const& problem) { thrown = std::string(": ") + problem.what(); } catch (...) {
    thrown = " what is no std::exception";
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
/// Range   checks_results false: for who looks at the results of calls himself
class device final : public tile_device {
 public:
  device(ohmic_device_v1 const& table, std::string const& file, std::string const& parameters,
         std::shared_ptr<void const> keeper, bool checks_results = true)
      : keeper_(std::move(keeper)), table_(table), where_(file + ": " + table.name), checks_results_(checks_results) {
    detail::guarded(where_, "create", [&](ohmic_error* e) { return table_.create(parameters.c_str(), &instance_, e); });
    try {
      raw_.struct_size = sizeof raw_;
      raw_.low_uS = raw_.high_uS = raw_.first_s = raw_.last_s = NAN;
      detail::guarded(where_, "facts", [&](ohmic_error* e) { return table_.facts(instance_, &raw_, e); });
      results_.emplace(where_, table_, raw_);
    } catch (...) {
      end();
      throw;
    }
  }
  ~device() override { end(); }

  [[nodiscard]] device_facts facts() const noexcept override { return results_->facts(); }
  /// As the plugin said them.
  [[nodiscard]] ohmic_device_facts const& raw_facts() const noexcept { return raw_; }
  [[nodiscard]] bool draws() const noexcept override { return table_.draw != nullptr; }

  void program(cell_tile const& tile, std::span<double const> target, std::span<double> mean,
               std::span<double> sigma) const override {
    program_spaced(tile, tile.cols, target, mean, sigma);
  }
  /// Rows of ld elements, of which the tile's come first, as trials of plugins ask for.
  void program_spaced(cell_tile const& tile, std::size_t ld, std::span<double const> target, std::span<double> mean,
                      std::span<double> sigma) const {
    auto t = described(tile);
    t.ld = ld;
    if (ld == tile.cols) std::fill(mean.begin(), mean.end(), NAN), std::fill(sigma.begin(), sigma.end(), NAN);
    call("program",
         [&](ohmic_error* e) { return table_.program(instance_, &t, target.data(), mean.data(), sigma.data(), e); });
    if (checks_results_ && ld == tile.cols) results_->program(mean, sigma);
  }
  void draw(cell_tile const& tile, stream const& numbers, std::uint32_t time, std::span<double const> target,
            std::span<double> programmed) const override {
    auto t = described(tile);
    t.seed = numbers.seed, t.array = numbers.array, t.time = time;
    t.purpose = static_cast<std::uint32_t>(numbers.use);
    std::fill(programmed.begin(), programmed.end(), NAN);
    call("draw", [&](ohmic_error* e) { return table_.draw(instance_, &t, target.data(), programmed.data(), e); });
    if (checks_results_) results_->draw(programmed);
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
    if (checks_results_) results_->age(aged);
  }
  void read(cell_tile const& tile, double age_s, std::span<double const> programmed, std::span<double const> aged,
            std::span<double> sigma) const override {
    auto t = described(tile);
    t.age_s = age_s;
    std::fill(sigma.begin(), sigma.end(), table_.read == nullptr ? 0.0 : NAN);
    if (table_.read == nullptr) return;
    call("read",
         [&](ohmic_error* e) { return table_.read(instance_, &t, programmed.data(), aged.data(), sigma.data(), e); });
    if (checks_results_) results_->read(sigma);
  }

 private:
  void end() noexcept {
    detail::kept_arithmetic const kept;
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

  std::shared_ptr<void const> keeper_;  // outlives the instance
  ohmic_device_v1 table_;
  std::string where_;
  bool checks_results_;
  void* instance_ = nullptr;
  ohmic_device_facts raw_{};
  std::optional<results> results_{};
  mutable std::mutex one_at_a_time_{};
};

}  // namespace ohmic::inline OHMIC_ABI::plugin

// A device of an isolated plugin as the library's tile_device: tiles travel through shared memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/device/tile_device.hpp"
#include "ohmic/plugin/abi.h"
#include "ohmic/plugin/isolated.hpp"
#include "ohmic/plugin/lane.hpp"
#include "ohmic/plugin/results.hpp"

namespace ohmic::inline OHMIC_ABI::plugin {

/// Writes parameters into a request.
/// Errors  config_value
inline void put_parameters(detail::lane& a, std::string const& parameters) {
  if (parameters.size() >= sizeof a.parameters)
    throw error({errc::config_value, "parameters are too long", "parameters",
                 std::to_string(parameters.size()) + " bytes", "less than " + std::to_string(sizeof a.parameters),
                 "shorten them"});
  std::memcpy(a.parameters, parameters.c_str(), parameters.size() + 1);
}

/// An instance of a device in the plugin's process.
/// Errors  those of child; plugin_failed where results cannot be, which the host checks itself
class isolated_device final : public tile_device {
 public:
  /// Range   number < the devices of the plugin, `table` that device's
  isolated_device(std::shared_ptr<child> process, std::uint32_t number, ohmic_device_v1 const& table,
                  std::string const& parameters)
      : process_(std::move(process)), table_(table) {
    ohmic_device_facts f{};
    process_->ask(
        "create",
        [&](detail::lane& a) {
          a.what = detail::lane::operation::create;
          a.device = number;
          put_parameters(a, parameters);
        },
        [&](detail::lane const& a) { f = a.facts, instance_ = a.new_instance; });
    results_.emplace(process_->where() + ": " + table_.name, table_, f);
  }
  ~isolated_device() override {
    try {
      process_->ask(
          "destroy",
          [&](detail::lane& a) {
            a.what = detail::lane::operation::destroy;
            a.instance = instance_;
          },
          [](detail::lane const&) {});
    } catch (...) {}  // it is gone with its process
  }

  [[nodiscard]] device_facts facts() const noexcept override { return results_->facts(); }
  [[nodiscard]] bool draws() const noexcept override { return table_.draw != nullptr; }

  /// Rows of ld elements, of which the tile's come first, as trials of plugins ask for. Its results are not checked.
  /// Range   tile.rows x ld values, at most 65536
  void program_spaced(cell_tile const& tile, std::size_t ld, std::span<double const> target, std::span<double> mean,
                      std::span<double> sigma) const {
    process_->ask(
        "program",
        [&](detail::lane& a) {
          a.what = detail::lane::operation::program, a.instance = instance_;
          a.rows = tile.rows, a.cols = tile.cols, a.ld = ld, a.first = tile.first, a.stride = tile.stride;
          std::copy(target.begin(), target.end(), a.values[0]);
          std::copy(mean.begin(), mean.end(), a.values[3]), std::copy(sigma.begin(), sigma.end(), a.values[4]);
        },
        [&](detail::lane const& a) {
          std::copy_n(a.values[3], mean.size(), mean.begin()), std::copy_n(a.values[4], sigma.size(), sigma.begin());
        });
  }
  void program(cell_tile const& tile, std::span<double const> target, std::span<double> mean,
               std::span<double> sigma) const override {
    run(tile, detail::lane::operation::program, "program", [](detail::lane&) {}, {target}, {mean, sigma});
    results_->program(mean, sigma);
  }
  void draw(cell_tile const& tile, stream const& numbers, std::uint32_t time, std::span<double const> target,
            std::span<double> programmed) const override {
    auto const address = [&](detail::lane& a) {
      a.seed = numbers.seed, a.purpose = static_cast<std::uint32_t>(numbers.use), a.array = numbers.array,
      a.time = time;
    };
    run(tile, detail::lane::operation::draw, "draw", address, {target}, {programmed});
    results_->draw(programmed);
  }
  void age(cell_tile const& tile, double age_s, std::span<double const> target, std::span<double const> programmed,
           std::span<double const> z, std::span<double> aged) const override {
    run(tile, detail::lane::operation::age, "age", [&](detail::lane& a) { a.age_s = age_s; }, {target, programmed, z},
        {aged});
    results_->age(aged);
  }
  void read(cell_tile const& tile, double age_s, std::span<double const> programmed, std::span<double const> aged,
            std::span<double> sigma) const override {
    run(tile, detail::lane::operation::read, "read", [&](detail::lane& a) { a.age_s = age_s; }, {programmed, aged},
        {sigma});
    results_->read(sigma);
  }

 private:
  using inputs = std::initializer_list<std::span<double const>>;
  using outputs = std::initializer_list<std::span<double>>;

  /// A call in pieces that the shared memory holds: rows of the tile, or parts of a row.
  template <class Address>
  void run(cell_tile const& tile, detail::lane::operation what, char const* function, Address const& address,
           inputs const& in, outputs const& out) const {
    // Here, so that nobody's time runs out while another's call is under way.
    std::unique_lock lock(one_at_a_time_, std::defer_lock);
    if (table_.threads == OHMIC_ONE_AT_A_TIME) lock.lock();
    constexpr std::size_t most = detail::lane::cells;
    for (std::size_t r = 0; r < tile.rows;) {
      std::size_t const rows = std::clamp<std::size_t>(most / std::max<std::size_t>(tile.cols, 1), 1, tile.rows - r);
      for (std::size_t c = 0; c < tile.cols;) {
        std::size_t const cols = std::min(tile.cols - c, most);
        std::size_t const at = r * tile.cols + c, n = rows * cols;
        process_->ask(
            function,
            [&](detail::lane& a) {
              a.what = what, a.instance = instance_;
              a.rows = rows, a.cols = a.ld = cols, a.first = tile.first + r * tile.stride + c, a.stride = tile.stride;
              address(a);
              std::size_t k = 0;
              for (auto const& values : in) std::copy_n(values.data() + at, n, a.values[k++]);
            },
            [&](detail::lane const& a) {
              std::size_t k = 3;
              for (auto const& values : out) std::copy_n(a.values[k++], n, values.data() + at);
            });
        c += cols;
      }
      r += rows;
    }
  }

  std::shared_ptr<child> process_;
  ohmic_device_v1 table_;
  std::uint32_t instance_ = 0;
  std::optional<results> results_{};
  mutable std::mutex one_at_a_time_{};
};

}  // namespace ohmic::inline OHMIC_ABI::plugin

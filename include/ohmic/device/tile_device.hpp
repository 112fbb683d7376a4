// A device that is asked for tile by tile at run time: what a plugin adapts to, and its law in the catalogue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "ohmic/core/config.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/device/concept.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Where the cells of a tile stand: cell (r, c) has the address first + r * stride + c in its array.
struct cell_tile {
  std::size_t rows = 1, cols = 1;
  std::uint64_t first = 0, stride = 0;

  [[nodiscard]] std::size_t size() const noexcept { return rows * cols; }
  [[nodiscard]] std::uint64_t cell(std::size_t i) const noexcept { return first + i / cols * stride + i % cols; }
};

/// The laws of a device, tile by tile.
/// Shape   every span has tile.size() values, row by row
/// Units   uS, s
/// Errors  any call throws ohmic::error where the device fails or says what cannot be
/// Random  z are standard normal numbers that the caller addresses; `draw` draws its own, of addresses alone
/// Range   calls from any thread
class tile_device {
 public:
  tile_device() = default;
  tile_device(tile_device const&) = delete;
  tile_device& operator=(tile_device const&) = delete;
  virtual ~tile_device() = default;

  /// Texts are valid as long as the device.
  [[nodiscard]] virtual device_facts facts() const noexcept = 0;
  /// True where programming is not a mean and a normal error, so that `draw` is asked instead.
  [[nodiscard]] virtual bool draws() const noexcept = 0;

  virtual void program(cell_tile const& tile, std::span<double const> target, std::span<double> mean,
                       std::span<double> sigma) const = 0;
  virtual void draw(cell_tile const& tile, stream const& numbers, std::uint32_t time, std::span<double const> target,
                    std::span<double> programmed) const = 0;
  virtual void age(cell_tile const& tile, double age_s, std::span<double const> target,
                   std::span<double const> programmed, std::span<double const> z, std::span<double> aged) const = 0;
  virtual void read(cell_tile const& tile, double age_s, std::span<double const> programmed,
                    std::span<double const> aged, std::span<double> sigma) const = 0;
};

/// What is known of one cell of a tile, and what its law was asked: decorators stand between the cell and the law, so that only
/// the law sees the questions.
struct tile_answers {
  double mean_uS = 0.0, sigma_uS = 0.0, drawn_uS = 0.0, aged_uS = 0.0, read_uS = 0.0;
  std::uint32_t drawn_time = 0;
  double asked_target_uS = 0.0, asked_programmed_uS = 0.0, asked_aged_uS = 0.0, asked_z = 0.0;
  bool draws = false, asked = false;
  std::exception_ptr failure{};
};

/// The law of a tile_device, cell by cell. With `answers` it says what stands there and notes what it is asked; without, the device
/// is asked for one cell.
/// Errors  where the device fails NaN; the exception is kept in answers->failure
struct foreign_device {
  std::shared_ptr<tile_device const> of{};
  tile_answers* answers = nullptr;

  [[nodiscard]] device_facts facts() const noexcept {
    return of ? of->facts() : device_facts{.name = "plugin", .summary = "a device of a plugin", .source = "its plugin"};
  }
  [[nodiscard]] bool draws() const noexcept { return answers != nullptr ? answers->draws : of && of->draws(); }

  [[nodiscard]] double programming_mean(double g_uS) const noexcept {
    if (answers != nullptr) {
      answers->asked_target_uS = g_uS;
      return answers->mean_uS;
    }
    return programming(g_uS).first;
  }
  [[nodiscard]] double programming_sigma(double g_uS) const noexcept {
    return answers != nullptr ? answers->sigma_uS : programming(g_uS).second;
  }
  /// What programming at this address leaves, of a device that draws.
  [[nodiscard]] double drawn(stream const& numbers, std::uint64_t cell, std::uint32_t time,
                             double g_uS) const noexcept {
    if (answers != nullptr && answers->drawn_time == time) return answers->drawn_uS;
    return one([&](double& out) { of->draw({1, 1, cell, 0}, numbers, time, {&g_uS, 1}, {&out, 1}); });
  }
  /// At age 0 what was programmed, which the device is not asked.
  [[nodiscard]] double aged(double target_uS, double programmed_uS, double age_s, double z) const noexcept {
    if (!(age_s > 0.0)) return programmed_uS;
    if (answers != nullptr) {
      answers->asked_target_uS = target_uS, answers->asked_programmed_uS = programmed_uS, answers->asked_z = z;
      answers->asked = true;
      return answers->aged_uS;
    }
    return one([&](double& out) { of->age({}, age_s, {&target_uS, 1}, {&programmed_uS, 1}, {&z, 1}, {&out, 1}); });
  }
  [[nodiscard]] double read_sigma(double programmed_uS, double aged_uS, double age_s) const noexcept {
    if (answers != nullptr) {
      answers->asked_programmed_uS = programmed_uS, answers->asked_aged_uS = aged_uS;
      answers->asked = true;
      return answers->read_uS;
    }
    return one([&](double& out) { of->read({}, age_s, {&programmed_uS, 1}, {&aged_uS, 1}, {&out, 1}); });
  }

 private:
  /// A call for one cell.
  template <class Call>
  double one(Call const& call) const noexcept {
    double out = std::numeric_limits<double>::quiet_NaN();
    if (!of) return out;
    try {
      call(out);
    } catch (...) {
      if (answers != nullptr && !answers->failure) answers->failure = std::current_exception();
      return std::numeric_limits<double>::quiet_NaN();
    }
    return out;
  }
  [[nodiscard]] std::pair<double, double> programming(double g_uS) const noexcept {
    double sigma = std::numeric_limits<double>::quiet_NaN();
    double const mean = one([&](double& out) { of->program({}, {&g_uS, 1}, {&out, 1}, {&sigma, 1}); });
    return {mean, sigma};
  }
};
static_assert(device_law<foreign_device>);

}  // namespace ohmic::inline OHMIC_ABI

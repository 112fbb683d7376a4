// What a network with wires is found to do: voltages, currents, and how they were found; and the networks in which nothing flows.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/wires/network.hpp"

namespace ohmic::inline OHMIC_ABI {

/// How a solution was found. Of several solutions: the most iterations, the largest residual.
struct wire_report {
  std::size_t iterations = 0;  ///< of conjugate gradients
  double residual = 0.0;       ///< largest current missed at a node, relative to the largest current of a line
  std::size_t direct = 0;      ///< solutions that were eliminated in a band because the iteration did not end

  void include(wire_report const& other) noexcept {
    iterations = std::max(iterations, other.iterations);
    residual = std::max(residual, other.residual);
    direct += other.direct;
  }
};

/// For results that carry no residual of their own.
/// Errors  errc::value naming where a network was solved to less than 1e-10 of the largest current of a line
inline void require_exact(wire_report const& r, std::string const& where) {
  if (!(r.residual <= 1e-10))
    throw error({errc::value, "wires are not solved to 1e-10 of the largest current", where,
                 "a residual of " + detail::number_text(r.residual), "at most 1e-10",
                 "use smaller arrays, or resistances that are less far apart"});
}

/// All about one input vector.
/// Shape   nodes and devices (m, n); word lines (m); bit lines (n)
struct wire_solution {
  matrix<double> word_V, bit_V;
  matrix<double> device_A;           ///< from word line to bit line
  std::vector<double> input_A;       ///< from the drivers
  std::vector<double> far_input_A;   ///< from the far ends: of second drivers, negative into ground, 0 where open
  std::vector<double> output_A;      ///< into the sense ends
  std::vector<double> far_output_A;  ///< into grounded far ends, 0 where open
  watts power{0.0};                  ///< delivered by all drivers
  wire_report report;
};

/// The voltages at which no current flows: every set of lines that devices connect is held at one. They are told apart because
/// what rounding leaves of the currents would be all there is to compare with.
class resting_wires {
 public:
  /// Range   a validated network that lives as long
  explicit resting_wires(wire_network const& n) : network_(&n), set_(detail::connected_lines(n)) {}

  /// Shape   drive(i): voltage of the driver of word line i
  template <class Drive>
  [[nodiscard]] bool holds(Drive const& drive) const {
    std::vector<double> held(set_.size(), std::numeric_limits<double>::quiet_NaN());
    return for_each_fixed(drive, [&](std::size_t line, double v) {
      double& of_set = held[set_[line]];
      if (std::isnan(of_set)) of_set = v;
      return of_set == v;
    });
  }
  /// The solution where it holds.
  template <class Drive>
  [[nodiscard]] wire_solution solution(Drive const& drive) const {
    std::size_t const rows = network_->word_lines(), cols = network_->bit_lines();
    std::vector<double> held(set_.size(), 0.0);
    for_each_fixed(drive, [&](std::size_t line, double v) {
      held[set_[line]] = v;
      return true;
    });
    wire_solution s;
    s.word_V = s.bit_V = s.device_A = matrix<double>(rows, cols);
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t j = 0; j < cols; ++j) {
        s.word_V(i, j) = held[set_[i]];
        s.bit_V(i, j) = held[set_[rows + j]];
      }
    s.input_A = s.far_input_A = std::vector<double>(rows, 0.0);
    s.output_A = s.far_output_A = std::vector<double>(cols, 0.0);
    return s;
  }

 private:
  /// Calls use(line, voltage) for all that fixes the voltage of a line, while it returns true.
  template <class Drive, class Use>
  bool for_each_fixed(Drive const& drive, Use const& use) const {
    std::size_t const rows = network_->word_lines();
    for (std::size_t i = 0; i < rows; ++i) {
      if (std::isfinite(network_->driver_side_ohm(i)) && !use(i, drive(i))) return false;
      if (network_->wires.word_end == far_end::grounded && !use(i, 0.0)) return false;
    }
    for (std::size_t j = 0; j < network_->bit_lines(); ++j)
      if ((std::isfinite(network_->sense_side_ohm(j)) || network_->far_bit_S() > 0.0) && !use(rows + j, 0.0))
        return false;
    return true;
  }

  wire_network const* network_;
  std::vector<std::size_t> set_;
};

}  // namespace ohmic::inline OHMIC_ABI

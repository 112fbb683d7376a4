// How the points of a sweep are run: priced from shapes, or deployed on loaded weights and texts.
#pragma once

#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "json_output.hpp"
#include "ohmic/core/threads.hpp"
#include "sweep_spec.hpp"
#include "sweep_store.hpp"

namespace ohmic::inline OHMIC_ABI {
struct cost_report;
}

namespace program_cli {

/// Runs points. What a point gives depends on its settings alone: not on the points beside it, threads or machines.
class point_runner {
 public:
  point_runner() = default;
  point_runner(point_runner const&) = delete;
  point_runner& operator=(point_runner const&) = delete;
  virtual ~point_runner() = default;

  /// Names of what is measured.
  [[nodiscard]] virtual std::vector<std::string> const& metrics() const = 0;
  /// Points that are run together and lost together when the process is killed.
  [[nodiscard]] virtual std::size_t batch() const = 0;
  /// One result for every point; what is wrong with a point is in its result.
  /// Errors  what is not of a point (is_of_point)
  virtual std::vector<sweep_result> run(std::span<std::uint64_t const> points, ohmic::executor& threads) = 0;
  /// What was found beside the points, such as the scores of fp32; what it was made from must be the same to resume.
  [[nodiscard]] virtual json facts() const { return json::object(); }
  /// Keys that have one value at all points and do nothing at this one, and why.
  /// Errors  those of the point
  [[nodiscard]] virtual std::map<std::string, std::string> idle(std::uint64_t point) const = 0;
  /// Rows of a point's cost with the sources of their prices; null where it has counted actions or none.
  /// Errors  those of the point
  [[nodiscard]] virtual json price_rows(std::uint64_t) const { return nullptr; }
};

/// True where an exception says something of the point that was run. Else it says something of the machine, of a plugin whose process
/// is gone, or of a bug: the point stays missing, and the sweep ends.
bool is_of_point(std::exception const& e) noexcept;

/// Calls f(), which runs a point: what is wrong with the point becomes its result.
/// Errors  what is not of the point
template <class F>
void guarded_point(sweep_result& r, F const& f) {
  try {
    f();
  } catch (std::exception const& e) {
    if (!is_of_point(e)) throw;
    r.error = e.what();
    r.metrics.clear();
  }
}

std::unique_ptr<point_runner> cost_points(sweep_spec const& spec);

/// Errors  those of the model, the texts and the calibration
std::unique_ptr<point_runner> deploy_points(sweep_spec const& spec, common_options const& common);

/// Area, energy, latency and products of a priced design, and their names. Zeros of what is not modelled are NaN.
std::vector<std::string> const& cost_metrics();
std::vector<double> cost_metrics_of(ohmic::cost_report const& r, bool decodes);

/// Prices designs of a sweep: workloads are made once for all points that share them. Any thread may ask.
class priced_designs {
 public:
  explicit priced_designs(sweep_spec const& spec);
  priced_designs(priced_designs const&) = delete;
  priced_designs& operator=(priced_designs const&) = delete;
  ~priced_designs();
  /// Errors  those of the settings and the model
  [[nodiscard]] std::vector<double> of(sweep_assignment const& a) const;
  /// The same as rows with sources.
  [[nodiscard]] json rows(sweep_assignment const& a) const;

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace program_cli

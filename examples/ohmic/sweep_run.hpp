// The points of a sweep from the first to the last: handed out, run, written as they come.
#pragma once

#include <cstdint>
#include <vector>

#include "options.hpp"
#include "sweep_points.hpp"
#include "sweep_ranks.hpp"
#include "sweep_spec.hpp"
#include "sweep_store.hpp"

namespace program_cli {

/// How a run ended.
struct sweep_ending {
  int signal = 0;             ///< that ended it, or 0
  std::vector<int> lost;      ///< ranks that fell silent or gave up
  std::vector<int> unheard;   ///< ranks that never said anything: they may still read their model
  std::uint64_t written = 0;  ///< points of this run
};

/// Rank 0: runs `points` here and on the other ranks of the team, and writes them. A signal stops it: points that run at
/// that time are left out, and run on, with `runner`, until the process ends.
sweep_ending run_points(sweep_spec const& spec, std::vector<std::uint64_t> const& points, point_runner& runner,
                        sweep_store& store, rank_team& team, unsigned threads, bool quiet);

/// Rank 0, when its results are written: waits until each of the others, which `run_points` told that there is no more, says that it has
/// heard it, since MPI would wait for one that died for ever; one that does not answer is left (`rank_team::leave_lost`).
void part_from_others(rank_team& team, sweep_ending const& ending);

/// Other ranks: runs what rank 0 hands out, until it says that there is no more.
void serve_points(point_runner& runner, rank_team& team, unsigned threads);

/// SIGINT, SIGTERM and SIGHUP from now on are kept for `run_points`; a second one ends the process at once.
void catch_signals();

}  // namespace program_cli
